package offload_test

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/weir-go/weir"
	"github.com/weir-go/weir/internal/assert"
	"github.com/weir-go/weir/middleware"
	"github.com/weir-go/weir/middleware/offload"
	"github.com/weir-go/weir/weirtest"
)

// A download that broke off is tried again by a Retry before Load, if that takes what is Unavailable.
func TestRetryBeforeLoad(t *testing.T) {
	t.Parallel()
	for _, takes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b, downloads := bucketOf("k", "content"), 0
			b.body = func(content string) (io.Reader, int64) {
				if downloads++; downloads < 3 {
					return strings.NewReader(content[:3]), int64(len(content))
				}
				return strings.NewReader(content), int64(len(content))
			}
			r := middleware.Retries{}
			if takes {
				r.If = func(error) bool { return true }
			}
			var s seen
			fn := weir.SQS(weir.Each(s.handle), middleware.Retry(r), offload.Load(b, buckets))
			got := weirtest.Run(t.Context(), fn, weirtest.SQS(large("a", "k")))
			assert.Equal(t, len(got.Retried()) == 0, takes)
			if takes {
				assert.Equal(t, s.got, []string{"content"})
			} else {
				assert.Equal(t, downloads, 1)
			}
		})
	}
}
