package bugs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Plant returns the files that the bug changes, with the bug in them, by their
// names in the module. read returns a file of the module. The error names the
// edit that does not apply: its old lines must stand in the file exactly once.
func (b Bug) Plant(read func(file string) ([]byte, error)) (map[string]string, error) {
	planted := map[string]string{}
	for _, e := range b.Edits {
		text, ok := planted[e.File]
		if !ok {
			src, err := read(e.File)
			if err != nil {
				return nil, fmt.Errorf("bugs: plant %s: %w", b.Name, err)
			}
			text = string(src)
		}
		if n := occurrences(text, e.Old); n != 1 {
			return nil, fmt.Errorf("bugs: plant %s: its old lines occur %d times in %s, not once:\n%s", b.Name, n, e.File, e.Old)
		}
		planted[e.File] = strings.TrimPrefix(strings.Replace("\n"+text, "\n"+e.Old, "\n"+e.New, 1), "\n")
	}
	return planted, nil
}

// occurrences returns how often the lines stand in the text.
func occurrences(text, lines string) (n int) {
	for rest := "\n" + text; ; n++ {
		i := strings.Index(rest, "\n"+lines)
		if i < 0 {
			return n
		}
		rest = rest[i+1:]
	}
}

// writeOverlay writes the planted files to a directory, and beside them what
// "go build -overlay" reads, whose name it returns.
func writeOverlay(dir, root string, planted map[string]string) (string, error) {
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for file, text := range planted {
		to := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("bugs: write %s: %w", file, err)
		}
		overlay.Replace[filepath.Join(root, filepath.FromSlash(file))] = to
	}
	b, err := json.Marshal(overlay)
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		return "", fmt.Errorf("bugs: write the overlay: %w", err)
	}
	return name, nil
}
