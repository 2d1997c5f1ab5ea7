// Package templatetest checks the templates of docs/templates: SAM, CloudFormation and Terraform.
//
// A template of either form is read into the same stack: resources by CloudFormation's types and
// properties, with every reference resolved to a text such as ${Orders.Arn}. All checks look at
// stacks: properties against AWS's resource reference (schema/cloudformation.json), what the role
// may do against what the mapping needs, and what weir asks of a mapping. Last, the three forms of
// a source must be the same stack.
//
// It knows what the templates use and no more. What it does not know is an error, so that nothing
// goes unchecked.
package templatetest
