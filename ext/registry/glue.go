package registry

import (
	"context"
	"errors"
	"fmt"
)

// Glue makes a Registry of a function that asks AWS Glue for a schema version, with the SDK's
// client of yours. It returns Type and Text:
//
//	registry.Glue(func(ctx context.Context, id string) (s registry.Schema, err error) {
//		out, err := client.GetSchemaVersion(ctx, &glue.GetSchemaVersionInput{SchemaVersionId: &id})
//		if err == nil {
//			s.Type, s.Text = string(out.DataFormat), aws.ToString(out.SchemaDefinition)
//		}
//		return s, err
//	})
//
// Glue's EntityNotFoundException is that it does not know the schema.
func Glue(version func(ctx context.Context, id string) (Schema, error), opts ...Option) (*Registry, error) {
	if version == nil {
		return newRegistry(glue, nil, opts)
	}
	return newRegistry(glue, func(ctx context.Context, id ID) (Schema, error) {
		s, err := version(ctx, id.String())
		var api interface{ ErrorCode() string } // of the SDK's errors
		if errors.As(err, &api) && api.ErrorCode() == "EntityNotFoundException" {
			err = fmt.Errorf("%w: %w", ErrUnknownSchema, err)
		}
		return s, err
	}, opts)
}
