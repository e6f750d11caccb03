package audit

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
)

const (
	namePrefix = "audit-"
	nameSuffix = ".jsonl"
)

// fileName is that of the file with this number; names sort as numbers do.
func fileName(number uint64) string { return fmt.Sprintf("%s%08d%s", namePrefix, number, nameSuffix) }

// fileNumber is the number in a name; 0 for a name that is another's.
func fileNumber(name string) uint64 {
	digits, ok := strings.CutPrefix(name, namePrefix)
	if !ok {
		return 0
	}
	if digits, ok = strings.CutSuffix(digits, nameSuffix); !ok {
		return 0
	}
	number, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || fileName(number) != name {
		return 0
	}
	return number
}

func appendSeq(dst []byte, number uint64) []byte {
	return strconv.AppendUint(append(dst, `{"seq":`...), number, 10)
}

// fileNumbers are those of the files in a directory, in order.
func fileNumbers(dir fsys) ([]uint64, error) {
	entries, err := dir.ReadDir()
	if err != nil {
		return nil, err
	}
	var numbers []uint64
	for _, e := range entries {
		if number := fileNumber(e.Name()); number > 0 {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// prune removes the oldest files beyond MaxFiles. That it fails is no reason to
// refuse anything.
func (w *writer) prune() {
	if w.o.MaxFiles == 0 {
		return
	}
	numbers, err := fileNumbers(w.fs)
	for ; err == nil && len(numbers) > w.o.MaxFiles && numbers[0] < w.number; numbers = numbers[1:] {
		err = w.fs.Remove(fileName(numbers[0]))
	}
	if err != nil {
		w.o.Logger.Warn("old files of the audit log cannot be removed", slog.Any("error", err))
	}
}
