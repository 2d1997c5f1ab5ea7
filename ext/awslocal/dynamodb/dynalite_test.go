package dynamodb_test

import "strings"

// dynaliteDifferences are what dynalite 4.0.0 is known to do otherwise than AWS does.
var dynaliteDifferences = func() map[string]string {
	const (
		noTransactions = "it has no transactions"
		noStreams      = "it has no streams"
		noItem         = "its ConditionalCheckFailedException never has an item"
		noLimit        = "it does not check sums of numbers"
		noOperators    = "it has no limit on the expression's size"
		anyType        = "it takes values of any type for < and >"
		inTurn         = "it removes one after the other, so that later numbers mean other elements"
		documents      = "it compares lists and maps by their identity"
		otherWords     = "it says it in other words"
		unset          = "it takes two attributes that do not exist for equal"
	)
	d := map[string]string{
		"item/what a failed put met":                 noItem,
		"item/what a failed update met":              noItem,
		"item/what a failed delete met":              noItem,
		"item/delete cannot return what was updated": "it takes any ReturnValues",

		"condition/met: l = :list":          documents,
		"condition/met: m = :m":             documents,
		"condition/met: size(e) < :1":       "it has no size of an empty string",
		"condition/met: NOT NOT n = :10":    "it does not understand NOT NOT",
		"condition/met: gone <> nothing":    unset,
		"condition/not met: gone = nothing": unset,

		"expression/condition refused: _a = :n":                               "it takes names that begin with _",
		"expression/condition refused: a < :t":                                anyType,
		"expression/condition refused: a > :l":                                anyType,
		"expression/condition refused: a = ":                                  otherWords,
		"expression/condition refused: if_not_exists(a, :n) = :n":             otherWords,
		"expression/update refused: SET a = size(b)":                          otherWords,
		"expression/condition refused: " + strings.Repeat("a = :n OR ", 6):    noOperators,
		"expression/condition refused: " + strings.Repeat("a>:n OR ", 8)[:60]: noOperators,

		"update/ADD n :big":            noLimit,
		"update/SET n = :huge + :huge": noLimit,
		"update/SET n = n + :tiny":     noLimit,
		"update/REMOVE l[0], l[1]":     inTurn,
		"update/REMOVE ll[0], ll[1].x": inTurn,
		"value/+3":                     "it takes no sign of plus",
		"value/refused: 33 levels":     "it has no limit on levels",
		"batch/get stops at 16 MB":     "it leaves keys unprocessed long before",
		"query/refused: pk = :e":       "it takes empty keys in a condition",
		"query/count and projection":   "it takes a projection for a count",
		"scan/refused: segment alone":  "it takes a segment without their number",
		"capacity/consistent scan":     "it counts every scan as not consistent",
		"capacity/transaction":         noTransactions,
		"race/transactions":            noTransactions,
		"time to live/enable":          "it has no time to live",
	}
	for _, c := range transactionChecks {
		d[c.name] = noTransactions
	}
	for _, c := range streamChecks {
		if c.name != "stream/expired items" { // which is not asked
			d[c.name] = noStreams
		}
	}
	return d
}()
