// Command weir is the companion of the weir library.
package main

func main() {}
