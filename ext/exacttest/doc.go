// Package exacttest holds what a pipeline promises against real clients, real servers and all of its
// sources at once.
package exacttest
