package templatetest

import (
	"strings"
	"testing"
)

// The checks are no use unless they can fail: each template with a mistake is refused, for it.
func TestBroken(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ source, form, old, new, want string }{
		// References.
		{"sqs", "cloudformation.yaml", "!GetAtt DeadLetters.Arn", "!GetAtt DeadLetter.Arn", "there is no resource DeadLetter"},
		{"sqs", "cloudformation.yaml", "!GetAtt Orders.Arn", "!GetAtt Orders.ARN", "has no attribute ARN"},
		{"sqs", "cloudformation.yaml", "!Ref CodeKey", "!Ref CodeKye", "neither a resource nor a parameter"},
		{"kafka", "cloudformation.yaml", "${Prefix}/${Topic}", "${Prefix}/${Topik}", "neither a resource nor a parameter"},
		{"sqs", "cloudformation.yaml", "  Orders:\n    Type", "  Orders:\n    DependsOn: Nobody\n    Type", "DependsOn Nobody"},
		{"sqs", "cloudformation.yaml", "[!Ref AlarmTopic]", "[!ImportValue topic]", "Fn::ImportValue of topic is not known"},
		{"sqs", "cloudformation.yaml", "S3Bucket: !Ref CodeBucket", "S3Bucket: code", "parameter CodeBucket is not used"},
		{"sqs", "main.tf", "aws_sqs_queue.dead_letters.arn", "aws_sqs_queue.dead_letter.arn", "Unsupported attribute"},
		{"sqs", "main.tf", "aws_iam_role.consumer_role.arn", "aws_iam_role.consumer_role.ARN", "Unsupported attribute"},
		{"sqs", "main.tf", "var.alarm_topic", "var.alarms", "Unsupported attribute"},
		{"sqs", "main.tf", "terraform {", "variable \"another\" {\n  type        = string\n  description = \"\"\n}\nterraform {", "variable Another is not used"},
		// Form.
		{"sqs", "cloudformation.yaml", "Resources:", "Outputs: {}\nResources:", "the section Outputs"},
		{"sqs", "cloudformation.yaml", "Parameters:", "Parameters: {", "yaml:"},
		{"sqs", "cloudformation.yaml", "      MemorySize: 256", "      MemorySize: 256\n      MemorySize: 512", "MemorySize comes twice"},
		{"sqs", "cloudformation.yaml", "2010-09-09", "2010-09-10", "AWSTemplateFormatVersion"},
		{"sqs", "sam.yaml", "AWS::Serverless-2016-10-31", "AWS::Serverless-2016-10-30", "the transform"},
		{"sqs", "sam.yaml", "Transform: AWS::Serverless-2016-10-31\n", "", "needs the Transform"},
		{"sqs", "sam.yaml", "BuildMethod: go1.x", "BuildMethod: makefile", "BuildMethod is makefile"},
		{"sqs", "main.tf", "resource \"aws_sqs_queue\"", "resource \"aws_sqs_queu\"", "the type is not known"},
		{"sqs", "main.tf", "required_version = \">= 1.5\"", "", "which versions are required"},
		{"sqs", "main.tf", "terraform {", "terraform {{", "block definition required"},
		// Shapes.
		{"sqs", "cloudformation.yaml", "VisibilityTimeout:", "VisibilityTimeOut:", "additional properties 'VisibilityTimeOut'"},
		{"sqs", "cloudformation.yaml", "BatchSize: 10", "BatchSize: ten", "want integer"},
		{"sqs", "cloudformation.yaml", "maxReceiveCount: 5", "maxReceiveCount: 0", "maxReceiveCount"},
		{"sqs", "cloudformation.yaml", "AWS::Logs::LogGroup", "AWS::Logs::Group", "AWS::Logs::Group is not known"},
		{"sqs", "cloudformation.yaml", "      Role: !GetAtt ConsumerRole.Arn\n", "", "missing property 'Role'"},
		{"sqs", "sam.yaml", "BatchSize: 10", "BatchSise: 10", "additional properties 'BatchSise'"},
		{"sqs", "sam.yaml", "CodeUri: .", "CodeURI: .", "CodeUR"},
		{"kinesis", "cloudformation.yaml", "MaximumRecordAgeInSeconds: 43200", "MaximumRecordAgeInSeconds: 59", "MaximumRecordAgeInSeconds"},
		{"kinesis", "main.tf", "bisect_batch_on_function_error", "bisect_batch_on_error", "the argument bisect_batch_on_error is not known"},
		{"kinesis", "main.tf", "on_failure {", "on_failures {", "destination_config.on_failures. is not known"},
		{"kinesis", "main.tf", "batch_size                     = 100", "batch_size                     = \"many\"", "want integer"},
		{"sqs", "main.tf", "source_code_hash = filebase64sha256(var.package)", "", "source_code_hash is required"},
		{"sqs", "main.tf", "depends_on", "# depends_on", "depends_on is required"},
		{"dynamodb", "main.tf", "stream_enabled   = true", "stream_enabled   = false", "must be true"},
		// Rules.
		{"sqs", "cloudformation.yaml", "FunctionResponseTypes: [ReportBatchItemFailures]", "FunctionResponseTypes: []", "lacks ReportBatchItemFailures"},
		{"kafka", "main.tf", `["ReportBatchItemFailures"]`, `[]`, "lacks ReportBatchItemFailures"},
		{"sqs", "cloudformation.yaml", "VisibilityTimeout: 180", "VisibilityTimeout: 179", "less than 6 times"},
		{"sqs", "main.tf", "= 180", "= 30", "less than 6 times"},
		{"sqs", "sam.yaml", "BatchSize: 10", "BatchSize: 10\n            MaximumBatchingWindowInSeconds: 5", "less than 6 times"},
		{"sqs", "sam.yaml", "BatchSize: 10", "BatchSize: 100", "needs a batching window"},
		{"fifo", "sam.yaml", "BatchSize: 10", "BatchSize: 11", "at most 10"},
		{"fifo", "sam.yaml", "BatchSize: 10", "BatchSize: 10\n            MaximumBatchingWindowInSeconds: 5", "no batching window"},
		{"sqs", "sam.yaml", "BatchSize: 10", "BatchSize: 10\n            StartingPosition: LATEST", "StartingPosition does not apply"},
		{"sqs", "cloudformation.yaml", "maxReceiveCount: 5", "maxReceiveCount: 4", "maxReceiveCount is less than 5"},
		{"sqs", "cloudformation.yaml", "deadLetterTargetArn: !GetAtt DeadLetters.Arn", "deadLetterTargetArn: !GetAtt Orders.Arn", "no dead-letter queue"},
		{"fifo", "cloudformation.yaml", "      FifoQueue: true\n      MessageRetentionPeriod: 1209600", "      MessageRetentionPeriod: 1209600", "a FIFO queue's dead-letter queue is FIFO"},
		{"sqs", "cloudformation.yaml", "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 345600", "keep messages for longer"},
		{"kinesis", "cloudformation.yaml", "TRIM_HORIZON", "LATEST", "may miss records"},
		{"kinesis", "cloudformation.yaml", "      StartingPosition: TRIM_HORIZON\n", "", "StartingPosition is missing"},
		{"kinesis", "cloudformation.yaml", "MaximumRetryAttempts: 100", "MaximumRetryAttempts: -1", "hold up the others"},
		{"kinesis", "main.tf", "maximum_record_age_in_seconds  = 43200", "", "hold up the others"},
		{"kinesis", "cloudformation.yaml", "BisectBatchOnFunctionError: true", "BisectBatchOnFunctionError: false", "takes its batch along"},
		{"kinesis", "cloudformation.yaml", "Destination: !GetAtt Discarded.Arn", "Destination: !Ref AlarmTopic", "no destination on failure"},
		{"kinesis", "cloudformation.yaml", "      MessageRetentionPeriod: 1209600", "      FifoQueue: true", "cannot be a destination"},
		{"kinesis", "cloudformation.yaml", "EventSourceArn: !GetAtt Orders.Arn", "EventSourceArn: !Ref Orders", "neither a queue"},
		{"dynamodb", "cloudformation.yaml", "EventSourceArn: !GetAtt Orders.StreamArn", "EventSourceArn: !GetAtt Orders.Arn", "neither a queue"},
		{"dynamodb", "cloudformation.yaml", "NEW_AND_OLD_IMAGES", "KEYS_ONLY", "has no images"},
		{"dynamodb", "cloudformation.yaml", "        - AttributeName: id\n          KeyType", "        - AttributeName: ID\n          KeyType", "not among its AttributeDefinitions"},
		{"kafka", "cloudformation.yaml", "MaximumPollers: 5", "MaximumPollers: 0", "MaximumPollers"},
		{"kafka", "cloudformation.yaml", "MinimumPollers: 1", "MinimumPollers: 6", "need provisioned mode"},
		{"kafka", "sam.yaml", "            ConsumerGroupId: !Ref ConsumerGroup\n", "", "without a ConsumerGroupId"},
		{"kafka", "cloudformation.yaml", "Timeout: 30", "Timeout: 900", "at most 14 minutes"},
		{"sqs", "cloudformation.yaml", "FunctionName: !Ref Consumer\n", "FunctionName: !Ref Orders\n", "is no function"},
		{"sqs", "cloudformation.yaml", "Handler: bootstrap", "Handler: main", "executable named bootstrap"},
		{"sqs", "cloudformation.yaml", "[arm64]", "[x86_64]", "not for arm64"},
		{"sqs", "cloudformation.yaml", "      Timeout: 30\n", "", "no Timeout"},
		{"sqs", "cloudformation.yaml", "LogGroup: !Ref ConsumerLog", "LogGroup: /aws/lambda/x", "LogGroup is none"},
		{"sqs", "cloudformation.yaml", "RetentionInDays: 30", "{}", "keeps everything for ever"},
		{"sqs", "main.tf", "  retention_in_days = 30\n", "", "keeps everything for ever"},
		// Roles.
		{"sqs", "cloudformation.yaml", "                  - sqs:DeleteMessage\n", "", "lacks sqs:DeleteMessage on ${Orders.Arn}"},
		{"sqs", "main.tf", "          \"sqs:GetQueueAttributes\",\n", "", "lacks sqs:GetQueueAttributes"},
		{"sqs", "cloudformation.yaml", "sqs:DeleteMessage", "sqs:*", "is not one action"},
		{"sqs", "cloudformation.yaml", "sqs:DeleteMessage", "sqs:PurgeQueue", "nobody needs sqs:PurgeQueue"},
		{"sqs", "cloudformation.yaml", "Resource: !GetAtt Orders.Arn", `Resource: "*"`, "on everything"},
		{"sqs", "cloudformation.yaml", "Resource: !GetAtt Orders.Arn", "Resource: !GetAtt DeadLetters.Arn", "lacks sqs:ReceiveMessage on ${Orders.Arn}"},
		{"kinesis", "cloudformation.yaml", "sqs:SendMessage", "sqs:SendMessages", "lacks sqs:SendMessage on ${Discarded.Arn}"},
		{"kinesis", "main.tf", "          \"kinesis:ListShards\",\n", "", "lacks kinesis:ListShards"},
		{"dynamodb", "cloudformation.yaml", "Resource: !GetAtt Orders.StreamArn", "Resource: !GetAtt Orders.Arn", "lacks dynamodb:DescribeStream on ${Orders.StreamArn}"},
		{"kafka", "cloudformation.yaml", `":group/"`, `":groups/"`, "lacks kafka-cluster:AlterGroup"},
		{"kafka", "main.tf", `":topic/"`, `":topics/"`, "lacks kafka-cluster:DescribeTopic"},
		{"kafka", "cloudformation.yaml", "                  - ec2:DescribeVpcs\n", "", "lacks ec2:DescribeVpcs"},
		{"kafka", "main.tf", `          "kafka-cluster:DescribeClusterDynamicConfiguration",`, "", "lacks kafka-cluster:DescribeClusterDynamicConfiguration"},
		{"dynamodb", "cloudformation.yaml", "Resource: \"*\"", "Resource: !GetAtt Orders.StreamArn", "lacks dynamodb:ListStreams on *"},
		{"sqs", "cloudformation.yaml", "Service: lambda.amazonaws.com", "Service: ec2.amazonaws.com", "not for Lambda alone"},
		{"sqs", "cloudformation.yaml", "- Effect: Allow\n                Action: #", "- Effect: Deny\n                Action: #", "Effect is Deny"},
		{"sqs", "main.tf", "role = aws_iam_role.consumer_role.id", "role = aws_sqs_queue.orders.name", "is none"},
		{"sqs", "cloudformation.yaml", "!GetAtt ConsumerLog.Arn", "!Ref ConsumerLog", "lacks logs:CreateLogStream on ${ConsumerLog.Arn}"},
		{"sqs", "main.tf", `.consumer_log.arn}:*"`, `.consumer_log.arn}"`, "lacks logs:CreateLogStream on ${ConsumerLog.Arn}"},
		// Alarms.
		{"sqs", "cloudformation.yaml", "MetricName: ApproximateAgeOfOldestMessage", "MetricName: ApproximateAgeOfOldestMassage", "is not known here"},
		{"sqs", "cloudformation.yaml", "Value: !GetAtt Orders.QueueName", "Value: orders", "none of the template's"},
		{"sqs", "cloudformation.yaml", "Value: !GetAtt Orders.QueueName", "Value: !Ref Orders", "none of the template's"},
		{"sqs", "cloudformation.yaml", "Value: !GetAtt Orders.QueueName", "Value: !GetAtt DeadLetters.QueueName", "no alarm tells that messages wait"},
		{"sqs", "cloudformation.yaml", "Value: !GetAtt DeadLetters.QueueName", "Value: !GetAtt Orders.QueueName", "no alarm tells that messages are given up"},
		{"kinesis", "main.tf", "aws_sqs_queue.discarded.name", "aws_lambda_function.consumer.function_name", "none of the template's"},
		{"kinesis", "cloudformation.yaml", "MetricName: IteratorAge", "MetricName: Errors", "no alarm tells that records wait"},
		{"kafka", "cloudformation.yaml", "MetricName: OffsetLag", "MetricName: IteratorAge", "no alarm tells that records wait"},
		{"sqs", "cloudformation.yaml", "MetricName: Errors", "MetricName: IteratorAge", "no alarm tells that invocations fail"},
		{"sqs", "cloudformation.yaml", "AlarmActions: [!Ref AlarmTopic]", "AlarmActions: []", "it tells nobody"},
		{"sqs", "cloudformation.yaml", "GreaterThanThreshold", "LessThanThreshold", "does not go off"},
	} {
		text := templateOf(t, tt.source, tt.form)
		broken := strings.Replace(text, tt.old, tt.new, 1)
		if broken == text {
			t.Errorf("%s/%s has no %q to break", tt.source, tt.form, tt.old)
			continue
		}
		if found := strings.Join(forms[tt.form](broken).check(), "\n"); !strings.Contains(found, tt.want) {
			t.Errorf("%s/%s with %q: %q, want %q", tt.source, tt.form, tt.new, found, tt.want)
		}
	}
}

// A form that says something else is found, whatever it says.
func TestDifferent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ source, form, old, new, want string }{
		{"sqs", "main.tf", "batch_size              = 10", "batch_size              = 9", "ConsumerOrders AWS::Lambda::EventSourceMapping BatchSize"},
		{"sqs", "sam.yaml", "maxReceiveCount: 5", "maxReceiveCount: 6", "Orders AWS::SQS::Queue RedrivePolicy"},
		{"sqs", "sam.yaml", "MemorySize: 256", "MemorySize: 512", "Consumer AWS::Lambda::Function MemorySize"},
		{"kinesis", "main.tf", "  maximum_retry_attempts         = 100\n", "", "ConsumerOrders AWS::Lambda::EventSourceMapping MaximumRetryAttempts"},
		{"kinesis", "sam.yaml", "Threshold: 900000", "Threshold: 900", "IteratorAgeAlarm AWS::CloudWatch::Alarm Threshold"},
		{"dynamodb", "main.tf", `type = "S"`, `type = "N"`, "Orders AWS::DynamoDB::Table AttributeDefinitions"},
		{"kafka", "main.tf", `"ec2:DescribeVpcs"`, `"ec2:DescribeVpc"`, "ConsumerRole AWS::IAM::Role Policies"},
		{"kafka", "main.tf", `variable "topic" {`, "variable \"another\" {\n  type        = string\n  description = \"\"\n}\nvariable \"topic\" {", "parameters"},
		{"sqs", "main.tf", `"aws_sqs_queue" "dead_letters"`, `"aws_sqs_queue" "dead"`, "DeadLetters AWS::SQS::Queue MessageRetentionPeriod"},
	} {
		text := templateOf(t, tt.source, tt.form)
		other := strings.Replace(text, tt.old, tt.new, 1)
		if other == text {
			t.Errorf("%s/%s has no %q to change", tt.source, tt.form, tt.old)
			continue
		}
		found := differences(readCloudFormation(templateOf(t, tt.source, "cloudformation.yaml")), forms[tt.form](other))
		if !strings.Contains(strings.Join(found, "\n"), tt.want) {
			t.Errorf("%s/%s with %q differs in %q, want %q", tt.source, tt.form, tt.new, found, tt.want)
		}
	}
}
