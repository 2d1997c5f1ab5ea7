# An SQS queue and a function behind it: lambda.Start(weir.SQS(weir.Each(ship)))
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

resource "aws_sqs_queue" "orders" {
  visibility_timeout_seconds = 180 # 6 times the function's timeout, as AWS advises; add the batching window if there is one
  message_retention_seconds  = 345600
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = 5 # throttled invocations count as well
  })
}

resource "aws_sqs_queue" "dead_letters" {
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
  event_source_arn        = aws_sqs_queue.orders.arn
  function_name           = aws_lambda_function.consumer.arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"] # without it Lambda ignores what weir answers

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
        Action = [ # the last is for weir's back-off alone
          "sqs:ReceiveMessage",
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:ChangeMessageVisibility",
        ]
        Resource = aws_sqs_queue.orders.arn
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

# A message waits for a quarter of an hour; what was received three times or more does not count.
resource "aws_cloudwatch_metric_alarm" "oldest_message_alarm" {
  alarm_name          = "orders-oldest-message"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.orders.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 900
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic]
}

# A record was given up.
resource "aws_cloudwatch_metric_alarm" "dead_letters_alarm" {
  alarm_name          = "orders-dead-letters"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
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
