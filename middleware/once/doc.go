// Package once runs a function once for each key, however often records with that key are
// delivered: idempotency for handlers whose effect must not be doubled.
//
//	store := once.New("charge", dynamostore.New(client, "once"))
//	lambda.Start(weir.SQS(weir.Each(once.Do(store, Order.Key, charge))))
//
// Use does the same for any handler, with a key taken out of the message; Result is for functions
// that return something, which is kept and given to whoever comes later.
//
// # What happens to a key
//
// The first record claims the key, in one conditional write, and runs. Then the key is completed: for
// as long as Keep says the function is not called for it, and records that have it are done. If the
// function fails or panics, the key is given up, and the next record runs. Drop completes the key,
// since it says that the record is done; a record with such a key is dropped again, with the same
// reason, so that a dead letter queue that was down gets it in the end.
//
// A record whose key is being worked on elsewhere fails with RetryAfter and ErrInProgress, in
// one line for all of them. In the same process it waits instead, and shares the outcome.
//
// A record without a key fails with ErrNoKey: two of them must never share one. RunWithoutKey runs
// them unprotected.
//
// # When the process dies
//
// A claim holds until its lease ends: with the invocation, by its deadline, unless Lease says
// otherwise. So a record whose invocation was killed can run as soon as nobody can be at work on it
// any more. Whoever takes it over is safe from who was late: a claim that was taken over can
// neither be completed nor given up, and its record fails with ErrLeaseLost.
//
// # What is promised
//
// Two runs of a key that both kept to their leases are never both completed, and a key that was
// completed does not run again while it is kept. What no such package can promise is
// exactly one run: if the process dies, or the store is down, between the function's effect and its
// completion, the key runs again after its lease. So the function's effect should bear that, or be
// in the store's own transaction. An aggregate need not settle for it: pipelines write the record's receipt
// together with its effect. So count and sum with a pipeline; call others with once.
//
// Machines' clocks must agree to within a second, as those of AWS do: by them leases are told to
// have ended.
//
// # Cost
//
// A key that runs costs two conditional writes, and a read of one row between them from stores that
// cannot tell what they have written. A record that is known costs a write that is refused and a
// read. In a batch of several records, Use reads the rows of all of them together, before the first: then those
// that are known cost that read only. Cache saves it for those that the process has seen.
//
// Rows are those of a state.Store whose commits are atomic: those in memory, DynamoDB, Redis,
// PostgreSQL and bbolt all do. Their layout is not API.
package once
