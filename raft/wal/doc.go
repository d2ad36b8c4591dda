// Package wal keeps Raft's log, hard state and snapshots on disk, and reads
// them back after a crash. What Sync returned for is never silently lost.
//
//	d, err := wal.OSDisk("/var/lib/praetor/raft")
//	w, stored, err := wal.Open(d, wal.Options{})
//	core := raft.New(…, stored, …)
//	…
//	err = w.Append(*effects.Write) // one write to the disk
//	err = w.Append(*more.Write)
//	err = w.Sync()                 // one fdatasync for both
//	core.Persisted(…)
//
// Nothing here starts a goroutine; the driver decides what waits for what. All
// files are used through the small interface [Disk], so that the simulator can
// put one beneath that crashes between any two writes.
//
// # Files
//
// The directory is flat. The log is a chain of segments, each written from
// front to back; the first number in a name counts them, the second is the
// index of the entry that the log would have taken next:
//
//	log-0000000007-00000000000000004096.wal
//	log-0000000008-00000000000000005333.wal   the last one is being written
//	snap-00000000000000005000-0000000003.snap  up to index 5000, of term 3
//	snap-….snap.tmp                            unfinished; removed by Open
//
// A segment is preallocated with zeros, so that an append needs no new room and
// does not change the file's size, which fdatasync would have to write too. It
// begins with 1 KiB. A record that does not fit doubles the file, as often as it
// takes but not beyond size, where the next segment begins; the sync that makes
// the record durable does so with the growth. So few appends pay for it, at
// most about half of a file is zeros, and how long it must be follows from the
// records in it:
//
//	0        32                              1024 · 2ⁿ, at most size
//	+--------+------+-------+-------+-- … --+------------------+
//	| header | base | write | write |       | zeros            |
//	+--------+------+-------+-------+-- … --+------------------+
//
// The segment header. All numbers are big-endian; crc is CRC-32C:
//
//	0      4         8      16     20         24         28    32
//	+------+---------+------+------+----------+----------+-----+
//	| PRWL | version | seq  | size | prev end | prev crc | crc |
//	+------+---------+------+------+----------+----------+-----+
//
// prev end and prev crc say where the segment before ends and what the checksum
// of its last record is. Whatever stands there is not part of the log.
//
// A record begins at a multiple of 32, so that its header is within one sector:
//
//	0        4      8        12        16         20            24    28      32
//	+--------+------+--------+---------+----------+-------------+-----+-------+----- … -----+----+-- … --+
//	| length | kind | offset | durable | prev crc | payload crc | crc | recA5 | payload     | A5 | zeros  |
//	+--------+------+--------+---------+----------+-------------+-----+-------+----- … -----+----+-- … --+
//	                                                                          <---- length ----->
//
// crc is over the first 24 bytes and seeded with the segment's: it binds a
// record to its segment. offset binds it to its place, prev crc to the record
// before it; so neither old blocks nor writes in another order pass for the
// log. durable says up to where the segment had been synced when the record was
// written. The end marks A5 are never zero: a write that was cut short lacks
// them. The kinds and their payloads, in the terms of praetor/internal/wire
// (v is a uvarint, s a length-prefixed string, b a boolean):
//
//	1 base    hard state, next index v, snapshot index v and term v
//	2 write   b hard state, b (snapshot index v, term v, keep b),
//	          count v, first index v, (term v, kind byte, data s)…
//	3 seal    nothing; the log goes on in the next segment
//
// A hard state is cluster v, term v, vote s. A base repeats what the segments
// before it amount to, so that they can be dropped.
//
// A snapshot: its meta data, which is index v, term v, and the lists of voters,
// learners and outgoing voters, each a count v and (ID s, address s)…; then the
// body in blocks of 64 KiB, the last one shorter, so that every part of it can
// be checked when it is read:
//
//	0      4         8      12    12+n  16+n                            -12      -4    end
//	+------+---------+------+------+-----+----------+-----+--- … -------+--------+-----+
//	| PRSN | version | n    | meta | crc | block 0  | crc | block 1 …   | length | crc |
//	+------+---------+------+------+-----+----------+-----+--- … -------+--------+-----+
//
// The crc of a block is seeded with that of the meta data and the block's
// number; length is that of the body.
//
// A snapshot counts once a write record in the log names it. So the log alone
// says what is true, in one order.
//
// # After a crash
//
// A disk may lose what was not synced: all of it or a part, in any order, torn
// between sectors or within one. It keeps what was synced. Open reads the log
// to the first place that holds no valid record, and decides:
//
//  1. In a segment that has a successor: damage. A successor is made only after
//     all of the segment was synced.
//  2. A later record in the segment says that the place was durable: damage.
//  3. The header is complete and wrong, or the payload is complete and wrong:
//     damage. Complete means that no end mark and no whole sector of it is zero.
//     But a header whose checksum is wrong, and which has neither the offset
//     nor the prev crc of a record in this place, never was one of this log.
//     The zeros that fill up a record belong to it, if another one follows.
//  4. All that follows is zero: the end of the log. If the file is shorter than
//     was preallocated, as when a growth was not synced, the log goes on in a
//     new segment, whose header says where the old one ends.
//  5. Otherwise an unfinished write, of which nobody was told that it was
//     durable, or what somebody else left there. It is cut off: the log goes on
//     in a new segment likewise.
//
// Damage is a [*CorruptError] and nothing is changed on the disk. A repair is
// reported by [WAL.Repairs].
//
// Rules 3 to 5 leave one case that no log on one disk can tell apart: the
// writes since the last Sync but one were synced, and then turned to zeros, at
// least a sector of them or their last byte, or to garbage, at least both of
// those fields. (If a payload holds a sector of zeros of its own, also any other
// change of that payload.) They are cut. A disk that acknowledges fdatasync and
// forgets the write does this, and no Raft is safe on such a disk; a changed bit
// does not, it falls under rule 3. As soon as one more record is on disk, rule 2
// covers these writes too; [WAL.Close] writes an empty one for that. A last
// segment that is missing as a whole is noticed too, by the seal that the one
// before it got. If its end is missing, so is what could prove that: every
// record that is still whole is kept, and the cut is reported.
//
// Sources: D. Ongaro, "Consensus: Bridging Theory and Practice", 3.8 (what must
// be durable); R. Alagappan et al., "Protocol-Aware Recovery
// for Consensus-Based Storage", FAST 2018 (a torn write and damage differ); A.
// Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020
// (why a failed fsync is final).
package wal
