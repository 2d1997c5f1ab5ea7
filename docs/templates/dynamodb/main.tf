# The stream of a DynamoDB table and a function behind it: lambda.Start(weir.DynamoDB(weir.Each(changed), weir.StopOnFailure()))
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

variable "alarm_topic" {
  type        = string
  description = "The SNS topic that alarms go to, by its ARN."
}

variable "package" {
  type        = string
  description = "The deployment package, a zip file with an executable named bootstrap."
}

resource "aws_dynamodb_table" "orders" {
  name             = "orders"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"
  attribute {
    name = "id"
    type = "S"
  }
}

# Says which records were given up; they are in the stream until its retention ends.
resource "aws_sqs_queue" "discarded" {
  message_retention_seconds = 1209600
}

resource "aws_lambda_function" "consumer" {
  function_name    = "orders-consumer"
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = ["arm64"]
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  memory_size      = 256
  timeout          = 30
  role             = aws_iam_role.consumer_role.arn
  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.consumer_log.name
  }
}

resource "aws_lambda_event_source_mapping" "consumer_orders" {
  event_source_arn               = aws_dynamodb_table.orders.stream_arn
  function_name                  = aws_lambda_function.consumer.arn
  batch_size                     = 100
  function_response_types        = ["ReportBatchItemFailures"] # without it Lambda ignores what weir answers
  starting_position              = "TRIM_HORIZON"
  bisect_batch_on_function_error = true # with weir.StopOnFailure, one bad record is discarded alone
  maximum_retry_attempts         = 100
  maximum_record_age_in_seconds  = 43200 # the limit that comes first gives the record up
  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.discarded.arn
    }
  }

  depends_on = [aws_iam_role_policy.consumer]
}

resource "aws_iam_role" "consumer_role" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "consumer" {
  name = "consumer"
  role = aws_iam_role.consumer_role.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "dynamodb:DescribeStream",
          "dynamodb:GetRecords",
          "dynamodb:GetShardIterator",
        ]
        Resource = aws_dynamodb_table.orders.stream_arn
      },
      {
        Effect = "Allow"
        Action = [ # it cannot be limited to a stream
          "dynamodb:ListStreams",
        ]
        Resource = "*"
      },
      {
        Effect = "Allow"
        Action = [
          "sqs:SendMessage",
        ]
        Resource = aws_sqs_queue.discarded.arn
      },
      {
        Effect = "Allow"
        Action = [
          "logs:CreateLogStream",
          "logs:PutLogEvents",
        ]
        Resource = "${aws_cloudwatch_log_group.consumer_log.arn}:*"
      },
    ]
  })
}

resource "aws_cloudwatch_log_group" "consumer_log" {
  name              = "/aws/lambda/orders-consumer"
  retention_in_days = 30
}

# The consumer is behind by a quarter of an hour, in milliseconds.
resource "aws_cloudwatch_metric_alarm" "iterator_age_alarm" {
  alarm_name          = "orders-iterator-age"
  namespace           = "AWS/Lambda"
  metric_name         = "IteratorAge"
  dimensions          = { FunctionName = aws_lambda_function.consumer.function_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 900000
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic]
}

# A record was given up.
resource "aws_cloudwatch_metric_alarm" "discarded_alarm" {
  alarm_name          = "orders-discarded"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.discarded.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic]
}

# Invocations fail as a whole: nothing was done, a timeout, a crash.
resource "aws_cloudwatch_metric_alarm" "errors_alarm" {
  alarm_name          = "orders-errors"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.consumer.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 5
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic]
}
