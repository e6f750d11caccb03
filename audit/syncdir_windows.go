package audit

import "os"

// syncDir does nothing: Windows has no fsync of a directory, and NTFS journals
// its names.
func syncDir(*os.File) error { return nil }
