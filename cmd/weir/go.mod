module github.com/weir-go/weir/cmd/weir

go 1.26.0

require (
	github.com/aws/aws-sdk-go-v2 v1.47.7
	github.com/aws/aws-sdk-go-v2/service/sqs v1.52.10
	github.com/klauspost/compress v1.20.3
	github.com/weir-go/weir v0.0.0
	github.com/weir-go/weir/ext v0.0.0
	go.etcd.io/bbolt v1.5.0
)

require (
	github.com/aws/aws-sdk-go-v2/internal/configsources v1.5.10 // indirect
	github.com/aws/aws-sdk-go-v2/internal/endpoints/v2 v2.8.10 // indirect
	github.com/aws/smithy-go v1.28.8 // indirect
	golang.org/x/sys v0.48.0 // indirect
)

replace github.com/weir-go/weir => ../..

replace github.com/weir-go/weir/ext => ../../ext
