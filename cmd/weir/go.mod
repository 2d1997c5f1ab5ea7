module github.com/weir-go/weir/cmd/weir

go 1.26.0

require (
	github.com/klauspost/compress v1.20.3
	github.com/weir-go/weir v0.0.0
	github.com/weir-go/weir/ext v0.0.0
	go.etcd.io/bbolt v1.5.0
)

require golang.org/x/sys v0.48.0 // indirect

replace github.com/weir-go/weir => ../..

replace github.com/weir-go/weir/ext => ../../ext
