package otelweir

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// parseXRay parses a tracing header of AWS X-Ray:
//
//	Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:0
//
// Lineage, Self and whatever else there may be is passed over. A header without a Parent is well
// formed, but its span context is not valid: it names no span. Source: "Tracing header", AWS X-Ray
// Developer Guide.
func parseXRay(header string) (sc trace.SpanContext, ok bool) {
	if len(header) > maxHeader {
		return sc, false
	}
	c := trace.SpanContextConfig{Remote: true}
	for field := range strings.SplitSeq(header, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		var err error
		switch key {
		case "Root":
			c.TraceID, err = rootID(value)
		case "Parent":
			c.SpanID, err = trace.SpanIDFromHex(value)
		case "Sampled": // "?" asks the receiver to decide
			c.TraceFlags = trace.TraceFlags(0).WithSampled(value == "1")
		}
		if err != nil {
			return sc, false
		}
	}
	return trace.NewSpanContext(c), c.TraceID.IsValid()
}

// rootID makes a trace ID of 1-5759e988-bd862e3fe1be46a994272793.
func rootID(root string) (trace.TraceID, error) {
	const time, unique = 8, 24 // digits
	parts := strings.Split(root, "-")
	if len(parts) != 3 || parts[0] != "1" || len(parts[1]) != time || len(parts[2]) != unique {
		return trace.TraceIDFromHex("")
	}
	return trace.TraceIDFromHex(parts[1] + parts[2])
}

// lambdaParent takes the segment that aws-lambda-go puts into the context as a remote parent.
func lambdaParent(ctx context.Context) context.Context {
	if trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	header, _ := ctx.Value("x-amzn-trace-id").(string)
	sc, ok := parseXRay(header)
	if !ok || !sc.IsValid() {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, sc)
}
