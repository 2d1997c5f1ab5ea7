// Package docstest has the programs that README.md and the pages of docs show, as Examples, and holds
// the pages to them: every fenced block of a page has a comment before it that says what it is part of.
//
//	<!-- snippet: ext/docstest/failure_test.go#skipGroup -->   Go, the region or the Example's body
//	<!-- output: ext/docstest/failure_test.go#Example_skip --> text, what the Example prints
//	<!-- part: docs/templates/sqs/sam.yaml -->                 lines of that file, of a test one with Examples
//	<!-- program: ext/x_test.go#TestProgram -->                README's first block, which that test runs
//	<!-- run -->                                               sh, run in the module of README's program
//	<!-- ci -->                                                sh, what .ci/run runs
//	<!-- foreign: Powertools for Python -->                    code that is not ours, and not run
//
// A region begins after a line "// snippet:begin NAME" and ends before "// snippet:end". Indentation
// in front of all lines does not count. Commands in the text are .ci/run's too, or listed in commands.go
// with a reason. Names such as weir.Drop must exist wherever a page has them,
// and links must lead somewhere.
package docstest
