// Package proc is what the kernel knows of processes, and where it lets them run. On other
// systems than Linux it knows nothing.
package proc

// Memory is what a process has in RAM, in MB as Lambda counts them: 2^20 bytes.
type Memory struct{ Now, Peak float64 }
