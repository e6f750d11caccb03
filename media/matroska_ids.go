package media

// The elements of Matroska that are read (RFC 9559 §5.1, RFC 8794 §11.2).
const (
	idEBML        = 0x1a45dfa3
	idReadVersion = 0x42f7
	idMaxIDLength = 0x42f2
	idMaxSize     = 0x42f3

	idSegment  = 0x18538067
	idSeekHead = 0x114d9b74
	idInfo     = 0x1549a966
	idTracks   = 0x1654ae6b
	idCluster  = 0x1f43b675
	idCues     = 0x1c53bb6b
	idChapters = 0x1043a770
	idTags     = 0x1254c367
	idAttached = 0x1941a469

	idSeek           = 0x4dbb
	idSeekID         = 0x53ab
	idSeekPosition   = 0x53ac
	idTimestampScale = 0x2ad7b1

	idTrackEntry      = 0xae
	idTrackNumber     = 0xd7
	idTrackType       = 0x83
	idFlagEnabled     = 0xb9
	idFlagDefault     = 0x88
	idFlagForced      = 0x55aa
	idFlagHearing     = 0x55ab
	idDefaultDuration = 0x23e383
	idName            = 0x536e
	idLanguage        = 0x22b59c
	idLanguageBCP47   = 0x22b59d
	idCodecID         = 0x86
	idCodecPrivate    = 0x63a2
	idCodecDelay      = 0x56aa
	idAdditionMapping = 0x41e4
	idAdditionType    = 0x41e7
	idAdditionData    = 0x41ed

	idVideo           = 0xe0
	idPixelWidth      = 0xb0
	idPixelHeight     = 0xba
	idDisplayWidth    = 0x54b0
	idDisplayHeight   = 0x54ba
	idDisplayUnit     = 0x54b2
	idProjection      = 0x7670
	idProjectionYaw   = 0x7673
	idProjectionPitch = 0x7674
	idProjectionRoll  = 0x7675
	idColour          = 0x55b0
	idMatrix          = 0x55b1
	idRange           = 0x55b9
	idTransfer        = 0x55ba
	idPrimaries       = 0x55bb
	idMaxCLL          = 0x55bc
	idMaxFALL         = 0x55bd
	idMastering       = 0x55d0
	idPrimaryRX       = 0x55d1 // and GX, GY, BX, BY, white x, y up to 0x55d8
	idLuminanceMax    = 0x55d9
	idLuminanceMin    = 0x55da
	idAudio           = 0xe1
	idSampling        = 0xb5
	idOutputSampling  = 0x78b5
	idChannels        = 0x9f
	idEncodings       = 0x6d80
	idEncoding        = 0x6240
	idEncodingScope   = 0x5032
	idEncodingType    = 0x5033
	idCompression     = 0x5034
	idCompressionAlgo = 0x4254
	idCompressionSet  = 0x4255

	idCRC            = 0xbf
	idVoid           = 0xec
	idPosition       = 0xa7
	idPrevSize       = 0xab
	idTimestamp      = 0xe7
	idSimpleBlock    = 0xa3
	idBlockGroup     = 0xa0
	idBlock          = 0xa1
	idBlockDuration  = 0x9b
	idReferenceBlock = 0xfb
	idDiscardPadding = 0x75a2
	idEncryptedBlock = 0xaf
)

// isTop reports whether an element stands at the top of a segment or file: a
// cluster of unknown size ends there (RFC 9559 §5.1, RFC 8794 §6.2).
func isTop(id uint32) bool {
	switch id {
	case idEBML, idSegment, idSeekHead, idInfo, idTracks, idCluster, idCues, idChapters, idTags, idAttached:
		return true
	}
	return false
}
