package transcode

import (
	"fmt"
	"math"
	"time"
)

// Ratio is a fraction.
type Ratio struct{ Num, Den int64 }

// Float is its value, 0 where it has none.
func (r Ratio) Float() float64 {
	if !r.positive() {
		return 0
	}
	return float64(r.Num) / float64(r.Den)
}

// String is how ffmpeg takes it.
func (r Ratio) String() string { return fmt.Sprintf("%d/%d", r.Num, r.Den) }

func (r Ratio) positive() bool { return r.Num > 0 && r.Den > 0 }

// times is n by the ratio, rounded.
func (r Ratio) times(n int) int {
	return int(float64(n)*r.Float() + 0.5)
}

// at is when frame n of so many a second is shown.
func (r Ratio) at(n int64) time.Duration {
	whole, rest := n*r.Den/r.Num, n*r.Den%r.Num
	return time.Duration(whole)*time.Second + time.Duration((rest*int64(time.Second)+r.Num/2)/r.Num)
}

// near says whether two are the same, to what a count of frames is off by.
func (r Ratio) near(other Ratio) bool {
	const slight = 0.002
	f, g := r.Float(), other.Float()
	return f > 0 && g > 0 && math.Abs(f/g-1) < slight
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func lcm(a, b int64) int64 { return a / gcd(a, b) * b }
