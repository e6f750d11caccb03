package metadata

import "time"

// UploadState is where an upload is in its life.
type UploadState string

// The states of an upload.
const (
	UploadOpen     UploadState = "open"     // takes bytes
	UploadComplete UploadState = "complete" // all bytes are committed
	UploadCanceled UploadState = "canceled" // by its owner
	UploadFailed   UploadState = "failed"   // refused for its content; Upload.Error says why

	// UploadTranscoding is one that no client sends: the transcoder writes it, out
	// of another file of the asset. It counts for no quota, nor is it an open one.
	UploadTranscoding UploadState = "transcoding"
)

// ProtocolTranscode is the Protocol of an upload that the transcoder writes. Its id
// is that of the transcode, and routes of uploads do not know it.
const ProtocolTranscode = "transcode"

// Upload is a file on its way in. The store of the bytes is the authority on
// how many have arrived; Offset is what was last written down here.
type Upload struct {
	ID        string
	Asset     string // the asset that it becomes; "" for a part, see Part
	Rendition string // the name of the rendition of Asset that it becomes; "" for the source
	Owner     string
	Key       string // storage key of the bytes; "" once another upload has replaced them
	State     UploadState
	Size      int64             // in bytes; -1 while it is not known
	Offset    int64             // bytes known to be durable
	Hash      []byte            // encoded state of the SHA-256 over the first Offset bytes; nil when not hashed
	SHA256    string            // once complete
	Filename  string            // inert text
	Type      string            // media type by content, once sniffed
	Protocol  string            // "tus", "ietf", "body", "form", "import" or ProtocolTranscode
	Metadata  map[string]string // as the client sent it
	Concat    string            // Upload-Concat of tus as the client sent it, or ""
	Error     string
	Version   int64 // rises by one with each change
	CreatedAt time.Time
	UpdatedAt time.Time
	ExpiresAt time.Time // zero: never
}

// Part says whether the upload is one of several that are to be joined to a file
// (tus 1.0, Concatenation). It becomes no asset of its own. Once complete it
// waits for the upload that takes its bytes, and then has no Key.
func (u *Upload) Part() bool { return u.Asset == "" }
