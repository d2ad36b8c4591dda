// Package docs is the book about Praetor. Its text is in the Markdown files,
// which are read on their own; README.md holds the contents.
//
// The package's tests are what keeps the text true. They take each page apart
// into fenced blocks and check each by what stands behind its fence:
//
//	page ─┬─ parsePage ── block ──┬── go, text    checkExcerpt   the source
//	      │                       ├── console     checkConsole   a running agent
//	      │                       ├── sim         checkSim       the simulator
//	      │                       └── sh          checkNames     the commands exist
//	      └─ figures ──── figure ──── .svg        checkFigure    the simulator draws it
//
// Both ways: without -rewrite, a page that differs from what it shows fails
// with the difference; with -rewrite, the page is refreshed. A block that leaves
// lines out is refreshed too, as long as each line that it shows is found again
// with other numbers; else it stays, and a person has to fix it.
//
// An example, from a page:
//
//	```go raft/log.go (*log).lastIndex
//	func (l *log) lastIndex() Index {
//		// ...
//	}
//	```
//
// README.md lists the kinds of blocks. The invariants of the machinery:
//
//   - A block with words behind its kind is checked, or it is an error; a typing
//     mistake in a fence cannot turn a check off.
//   - A fence that is never closed is an error.
//   - A picture without the command that draws it is an error.
//   - What a page leaves out is visible on the page.
//   - A page's commands see nothing of other pages, nor of agents that run on
//     the machine.
//
// The idea is that of CoreDNS, which runs the examples in its READMEs, and of
// Crafting Interpreters, which shows no line that is not in its source.
package docs
