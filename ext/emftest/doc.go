// Package emftest validates what metrics.EMF writes by the JSON schema that AWS publishes, with
// an independent implementation of JSON Schema. It has only tests.
package emftest
