package transcode

import (
	"context"
	"io"
)

// Order writes the pictures of a file by OrderCommand with when they show, for tests.
func Order(ctx context.Context, from Part, dst io.Writer) error {
	o, err := orderOf(ctx, from)
	if err != nil {
		return err
	}
	return o.write(ctx, dst)
}
