package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
)

func versionCommand() command {
	return command{
		Name:  "version",
		Short: "print the version",
		Usage: "Usage: weir version\n\nversion prints the version of weir, and of the Go it was built with.\n",
		Run: func(_ context.Context, std stdio, args []string) error {
			if err := parse(flag.NewFlagSet("version", flag.ContinueOnError), args); err != nil {
				return err
			}
			version := "(unknown)"
			if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
				version = info.Main.Version
			}
			_, err := fmt.Fprintf(std.out, "weir %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
