.PHONY: help test race lint fuzz bench demo conformance ci

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' Makefile

test: ## all tests of all modules
	go test work

race: ## the root module's tests under the race detector
	go test -race ./...

lint: ## gofmt, go vet, staticcheck
	@test -z "$$(gofmt -l . | tee /dev/stderr)"
	go vet work
	go tool staticcheck work

FUZZTIME = 30s
fuzz: ## every fuzz target for FUZZTIME
	@grep -roE --include='*_test.go' '^func Fuzz\w+' . | sed 's/:func / /' | while read -r file name; do \
		echo "$$name"; \
		(cd "$$(dirname "$$file")" && go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x .) || exit 1; \
	done

bench: ## weir beside its peers, and Go's benchmarks; writes BENCHMARKS.md
	go run ./bench/cmd/bench $(BENCHFLAGS)

demo: ## 20,000 records with trouble, each accounted for
	go run ./cmd/weir demo

conformance: ## the batch and Kafka cases
	go run ./internal/conformance batch internal/conformance/testdata/batch.json
	go run ./internal/conformance kafka internal/conformance/testdata/kafka.json

ci: ## what must hold before a change goes in
	bash .ci/run
