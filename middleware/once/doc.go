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
// one line for all of them. In the same process it waits instead, and shares the outcome. Of a failure
// it is innocent, for it did not run: it is retried, and no policy gives it up, unless what failed
// said that the content is at fault, by Permanent or Undecodable.
//
// A record without a key fails with ErrNoKey: two of them must never share one. So does one whose key has
// several parts, as a list or an object has, if one of them is null or "": see ValueKey.
// RunWithoutKey runs them unprotected, Partial makes a key of the parts that are there.
//
// # When the process dies
//
// A claim holds until its lease ends: with the invocation, by its deadline, unless Lease says
// otherwise. So a record whose invocation was killed can run as soon as nobody can be at work on it
// any more. Whoever takes the key over is safe from who is late: the first attempt can then neither
// complete the key nor give it up, and its record fails with ErrLeaseLost. A claim that is left in the store
// because that was down holds for other processes only: this one knows that nobody is at work under it.
//
// Machines' clocks must agree to within a second, as those of AWS do: by them leases are told to
// have ended.
//
// # What is promised
//
// Two runs of a key that both kept to their leases are never both completed, and a key that was
// completed does not run again while it is kept. What no such package can promise is exactly one
// run: if the process dies between the function's effect and its completion, or the store is down and
// the record comes back to another process, the key runs again after its lease.
//
// # Once, or a pipeline?
//
// A pipeline writes the receipt of a record together with its effect, in one commit, so for what is
// counted, summed or otherwise combined it is exact, at a fraction of the cost: a batch takes a few
// writes, not two a record. Once is for effects that are somewhere else: a payment, a mail, a call
// of another service. Where such a service takes an idempotency key itself, give it the same one.
//
// # Cost
//
// A key that runs costs two conditional writes, and a read of one row between them from a store that is
// no state.Versioner: those in weir are, one of yours that wraps them may not be. A record that is
// known costs a write that is refused and a read. In a batch of several records, Use reads the rows of
// 100 of them together, before the first: then those that are known cost that read only. Cache saves it
// for those that the process has seen.
//
// In DynamoDB a key that runs costs two write units, and a known one of a batch half a read unit.
// In a Redis cluster all keys of a Store are on one node.
//
// Any state.Store whose commits are atomic will do: those in memory, DynamoDB, Redis, PostgreSQL and
// bbolt are. The layout of rows is not API.
package once
