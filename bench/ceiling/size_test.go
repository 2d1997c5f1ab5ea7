package ceiling

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/weir-go/weir/bench/build"
	"github.com/weir-go/weir/internal/assert"
)

func TestBinarySize(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds two programs")
	}
	dir := t.TempDir()
	size := func(name string) int {
		out := filepath.Join(dir, name)
		assert.NoError(t, build.Function(t.Context(), ".", "amd64", name, out))
		info, err := os.Stat(out)
		assert.NoError(t, err)
		return int(info.Size())
	}
	check(t, "binary", size("boot-weir")-size("boot-bare"), 0, "bytes more than with aws-lambda-go alone")
}
