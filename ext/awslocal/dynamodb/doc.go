// Package dynamodb is a server of DynamoDB's protocol for tests: in process, in memory, with the
// limits that AWS enforces and the failures that AWS has, on request.
//
//	srv := dynamodb.New()
//	endpoint, err := srv.Start() // for BaseEndpoint of the SDK's client
//	defer srv.Close()
//
// It knows tables with a hash and a sort key, reads and writes of items, batches, transactions
// with tokens and the reasons of a cancellation, expressions, capacity units, time to live and streams. What it does
// not know it refuses by name; there are no secondary indexes and no PartiQL. Signatures are not looked at.
//
// What goes wrong is chosen by Server.Fault, request by request: throttling, unprocessed entries of a
// batch, conflicts, delays, and connections cut before or after the request was applied. Lag
// makes reads that are not consistent look into the past.
//
// TestConformance is a suite that other servers can be held against too: dynalite, whose endpoint
// it finds in WEIR_DYNALITE, and one of your own, in WEIR_DYNAMODB_ENDPOINT.
package dynamodb
