// Package ceiling holds what weir may allocate and what it may add to a binary. Both are the
// same in every run, unlike times, which no test asserts. Its tests compare with the table
// in testdata/ceilings.txt and rewrite it with -update.
package ceiling
