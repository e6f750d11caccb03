package events

import "context"

// Join returns a Recorder that tells each of the recorders in turn. The first
// error ends it and is the answer. A nil among them is left out.
func Join(recorders ...Recorder) Recorder {
	joined := make(joinedRecorders, 0, len(recorders))
	for _, r := range recorders {
		if r != nil {
			joined = append(joined, r)
		}
	}
	return joined
}

// Discard returns a Recorder that refuses nothing and keeps nothing.
func Discard() Recorder { return joinedRecorders(nil) }

type joinedRecorders []Recorder

func (j joinedRecorders) Record(ctx context.Context, e Event) error {
	for _, r := range j {
		if err := r.Record(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// Only returns a Recorder that tells next of the events of these types.
func Only(next Recorder, types ...Type) Recorder {
	wanted := setOf(types)
	return RecorderFunc(func(ctx context.Context, e Event) error {
		if !wanted[e.Type] {
			return nil
		}
		return next.Record(ctx, e)
	})
}

func setOf(types []Type) map[Type]bool {
	set := make(map[Type]bool, len(types))
	for _, t := range types {
		set[t] = true
	}
	return set
}
