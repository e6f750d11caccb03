package peers

import (
	"errors"
	"flag"
	"slices"
	"sync"
)

var (
	benchMiB = flag.Int64("peers.mib", 256, "size of the large file that the benchmarks upload, in MiB")
	small    = flag.Int("peers.small", 400, "how many small files each round of a benchmark uploads")
	takeover = flag.Int("peers.takeovers", 200, "how many uploads the benchmark takes over")
)

// rounds are figures of several servers, taken in turn.
type rounds map[string][]float64

// turn calls do for each name, with another one first each time, so that what
// else the machine does hits them alike.
func (r rounds) turn(names []string, n int, do func(name string) float64) {
	for i := range names {
		name := names[(i+n)%len(names)]
		r[name] = append(r[name], do(name))
	}
}

// ratio is the median of the ratios of paired rounds.
func (r rounds) ratio(a, b string) float64 {
	ratios := make([]float64, len(r[a]))
	for i := range ratios {
		ratios[i] = r[a][i] / r[b][i]
	}
	return quantile(ratios, 0.5)
}

func (r rounds) median(name string) float64 { return quantile(r[name], 0.5) }

func quantile(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return v[min(int(q*float64(len(v))), len(v)-1)]
}

// together calls do n times, by so many clients at once.
func together(clients, n int, do func(i int) error) error {
	var all sync.WaitGroup
	failed := make([]error, clients)
	for first := range clients {
		all.Go(func() {
			for i := first; i < n && failed[first] == nil; i += clients {
				failed[first] = do(i)
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}
