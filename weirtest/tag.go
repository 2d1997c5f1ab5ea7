package weirtest

import "strings"

// tag is a dynamodbav tag.
type tag struct {
	name                                  string
	omitEmpty, omitEmptyElem              bool
	nullEmpty, nullEmptyElem              bool
	asString, asUnixTime                  bool
	asStringSet, asNumberSet, asBinarySet bool
}

func parseTag(text string) tag {
	name, options, _ := strings.Cut(text, ",")
	t := tag{name: name}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty":
			t.omitEmpty = true
		case "omitemptyelem":
			t.omitEmptyElem = true
		case "nullempty":
			t.nullEmpty = true
		case "nullemptyelem":
			t.nullEmptyElem = true
		case "string":
			t.asString = true
		case "unixtime":
			t.asUnixTime = true
		case "stringset":
			t.asStringSet = true
		case "numberset":
			t.asNumberSet = true
		case "binaryset":
			t.asBinarySet = true
		}
	}
	return t
}

// elem is the tag of the elements of a map or list.
func (t tag) elem() tag {
	return tag{omitEmpty: t.omitEmptyElem, omitEmptyElem: t.omitEmptyElem, nullEmpty: t.nullEmptyElem}
}
