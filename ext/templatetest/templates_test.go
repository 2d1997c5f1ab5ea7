package templatetest

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const dir = "../../docs/templates"

var (
	sources = []string{"sqs", "fifo", "kinesis", "dynamodb", "kafka"}
	forms   = map[string]func(string) *stack{
		"sam.yaml":            readCloudFormation,
		"cloudformation.yaml": readCloudFormation,
		"main.tf":             readTerraform,
	}
)

func templateOf(t testing.TB, source, form string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, source, form))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	for _, source := range sources {
		for form, read := range forms {
			for _, p := range read(templateOf(t, source, form)).check() {
				t.Errorf("%s/%s: %s", source, form, p)
			}
		}
	}
}

// No template is there that is not checked.
func TestAllTemplates(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob(dir + "/*/*")
	if err != nil || len(found) != len(sources)*len(forms) {
		t.Errorf("%d files, want %d forms of %d sources (%v)", len(found), len(forms), len(sources), err)
	}
}

// essence is what the forms of a template have in common: everything but the package and the
// parameters that name it. A function may be named by its ARN.
func essence(s *stack) (params []string, resources map[string]any) {
	resources = map[string]any{}
	for name, r := range s.resources {
		props := maps.Clone(r.props)
		switch r.kind {
		case "AWS::Lambda::Function":
			delete(props, "Code")
		case "AWS::Lambda::EventSourceMapping":
			props["FunctionName"] = strings.Replace(r.text("FunctionName"), ".Arn}", "}", 1)
		}
		resources[name+" "+r.kind] = props
	}
	params = slices.DeleteFunc(slices.Clone(s.params), func(p string) bool {
		return slices.Contains([]string{"CodeBucket", "CodeKey", "Package"}, p)
	})
	return params, resources
}

// differences says where two stacks are not the same.
func differences(a, b *stack) (found []string) {
	paramsA, of := essence(a)
	paramsB, as := essence(b)
	if !slices.Equal(paramsA, paramsB) {
		found = append(found, "parameters")
	}
	names := slices.Collect(maps.Keys(of))
	for name := range as {
		if of[name] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		x, y := object(of[name]), object(as[name])
		for _, key := range slices.Sorted(maps.Keys(x)) {
			if !reflect.DeepEqual(x[key], y[key]) {
				found = append(found, name+" "+key)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(y)) {
			if _, both := x[key]; !both {
				found = append(found, name+" "+key)
			}
		}
	}
	return found
}

// The three forms of a template say the same.
func TestForms(t *testing.T) {
	t.Parallel()
	for _, source := range sources {
		want := readCloudFormation(templateOf(t, source, "cloudformation.yaml"))
		if n := len(want.resources); n < 8 {
			t.Fatalf("%s: only %d resources", source, n)
		}
		for form, read := range forms {
			for _, d := range differences(want, read(templateOf(t, source, form))) {
				t.Errorf("%s/%s: %s is not as in cloudformation.yaml", source, form, d)
			}
		}
	}
}

// What each says of the program is what docs say, too.
func TestPrograms(t *testing.T) {
	t.Parallel()
	for source, call := range map[string]string{
		"sqs": "weir.SQS(", "fifo": "weir.SQS(", "kinesis": "weir.Kinesis(", "dynamodb": "weir.DynamoDB(", "kafka": "weir.Kafka(",
	} {
		for form := range forms {
			first, _, _ := strings.Cut(templateOf(t, source, form), "\n")
			if !strings.HasPrefix(first, "# ") || !strings.Contains(first, call) {
				t.Errorf("%s/%s begins with %q", source, form, first)
			}
		}
	}
}

// Where the linters are there, they agree.
func TestLinters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		tool string
		args []string
		glob string
	}{
		{"cfn-lint", nil, dir + "/*/*.yaml"},
		{"terraform", []string{"fmt", "-check", "-diff"}, dir + "/*/*.tf"},
	} {
		t.Run(tt.tool, func(t *testing.T) {
			t.Parallel()
			if out, err := exec.CommandContext(t.Context(), tt.tool, "-version").CombinedOutput(); err != nil {
				t.Skipf("skipped: %s is not installed, or does not run: %v %s", tt.tool, err, out)
			}
			files, err := filepath.Glob(tt.glob)
			if err != nil || len(files) < len(sources) {
				t.Fatalf("%d files: %v", len(files), err)
			}
			out, err := exec.CommandContext(t.Context(), tt.tool, append(tt.args, files...)...).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			broken := filepath.Join(t.TempDir(), "broken"+filepath.Ext(files[0]))
			text := strings.NewReplacer("VisibilityTimeout:", "VisibilityTimeOut:", "batch_size ", "batch_size").Replace(templateOf(t, "sqs", filepath.Base(files[0])))
			if err := os.WriteFile(broken, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.CommandContext(t.Context(), tt.tool, append(tt.args, broken)...).CombinedOutput(); err == nil {
				t.Errorf("it finds nothing wrong with a broken template: %s", out)
			}
		})
	}
}

// AWS's own translator makes the CloudFormation template of the SAM template.
func TestTranslator(t *testing.T) {
	t.Parallel()
	if out, err := exec.CommandContext(t.Context(), "python3", "-c", "import cfnlint, samtranslator").CombinedOutput(); err != nil {
		t.Skipf("skipped: python3 has no cfnlint and samtranslator: %v %s", err, out)
	}
	other := filepath.Join(t.TempDir(), "sam.yaml")
	text := strings.Replace(templateOf(t, "sqs", "sam.yaml"), "BatchSize: 10", "BatchSize: 9", 1)
	if err := os.WriteFile(other, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"testdata/expand.py", other, filepath.Join(dir, "sqs", "cloudformation.yaml")}
	want := "differences: ConsumerOrders\n" // that the comparison can fail
	for _, source := range sources {
		args = append(args, filepath.Join(dir, source, "sam.yaml"), filepath.Join(dir, source, "cloudformation.yaml"))
		want += "differences:\n"
	}
	out, err := exec.CommandContext(t.Context(), "python3", args...).CombinedOutput()
	if err != nil || string(out) != want {
		t.Errorf("%v\n%s", err, out)
	}
}
