// Package attrtest compares internal/attr with attributevalue.UnmarshalMap of the AWS
// SDK, whose behaviour it promises. There is nothing in it but tests.
package attrtest
