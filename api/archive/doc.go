// Package archive is the file form of a snapshot, which operators save, look
// at and restore: Consul's, a gzipped tar with three files.
//
//	meta.json    what the snapshot is: index, term, servers (Meta)
//	state.bin    the state, in whatever form the program writes it
//	SHA256SUMS   a line for each of the two: the checksum in hexadecimal, two
//	             spaces, the name; as sha256sum(1) writes and checks them
//
//	err := archive.Write(w, archive.Meta{Index: 7}, view.Save)
//	meta, state, err := archive.Read(r, 1<<30)
//
// The outside is Consul's, so that tar and sha256sum can look into it; state.bin
// is Praetor's own: an archive of one cannot be restored into the other, and is
// refused by its first bytes.
//
// Invariants: Write needs no memory in proportion to the state, because it has
// it written twice, first to be measured and then to be sent. What Read returns
// without an error is complete and unchanged.
package archive
