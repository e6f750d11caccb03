//go:build !unix

package metrics

import "time"

var begun = time.Now()

func used() time.Duration { return time.Since(begun) }
