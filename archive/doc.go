// Package archive reads archives of JSON lines, to be replayed: files, directories, any fs.FS,
// and S3 prefixes by way of github.com/weir-go/weir/ext/s3archive.
//
//	for line, err := range archive.Files([]string{"backup/orders"}).Lines(ctx) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(line.Archive, line.Number, string(line.Data))
//	}
//
// What an archive is, its first bytes say and not its name: plain text or gzip, of one member
// or many, also gzip in gzip; with ext/zstdarchive also zstd. Other known compressions are
// refused by name.
//
// A line may hold several JSON objects one behind the other, with or without space between
// them: so does Amazon Data Firehose write, unless it is told to add newlines. They come one by
// one, so an archive may well be one long line. Nothing else is asked of a line: what is not JSON
// is for the decoder to refuse.
//
// No archive is ever left out in silence: nothing to read is an error, so is one that is
// corrupt, that is cut short, or that has a line over the limit. The lines before come first.
package archive
