package dynamodb

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// throughput is a table's provisioned capacity. It is kept and shown, and limits nothing.
type throughput struct {
	ReadCapacityUnits, WriteCapacityUnits int64
}

type attributeDefinition struct {
	AttributeName string
	AttributeType kind
}

type keySchemaElement struct {
	AttributeName, KeyType string
}

type createTableInput struct {
	TableName                 string
	AttributeDefinitions      []attributeDefinition
	KeySchema                 []keySchemaElement
	BillingMode               string
	ProvisionedThroughput     *throughput
	StreamSpecification       *streamSpecification
	DeletionProtectionEnabled bool
	GlobalSecondaryIndexes    []any
	LocalSecondaryIndexes     []any
}

var tableName = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)

func checkName(name string) error {
	if !tableName.MatchString(name) {
		return invalid("Value '%s' at 'tableName' failed to satisfy constraint: it must have 3 to 255 of the characters a-z, A-Z, 0-9, _, . and -", name)
	}
	return nil
}

func (s *Server) createTable(c *call, in *createTableInput) (any, error) {
	if err := checkName(in.TableName); err != nil {
		return nil, err
	}
	if len(in.GlobalSecondaryIndexes)+len(in.LocalSecondaryIndexes) > 0 {
		return nil, invalid("this server has no secondary indexes: leave out GlobalSecondaryIndexes and LocalSecondaryIndexes")
	}
	keys, err := in.schema()
	if err != nil {
		return nil, err
	}
	if in.BillingMode == "" {
		in.BillingMode = "PROVISIONED"
	}
	p := in.ProvisionedThroughput
	switch {
	case in.BillingMode != "PROVISIONED" && in.BillingMode != "PAY_PER_REQUEST":
		return nil, invalid("BillingMode %q: it must be PROVISIONED or PAY_PER_REQUEST", in.BillingMode)
	case in.BillingMode == "PROVISIONED" && p == nil:
		return nil, invalid("One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	case in.BillingMode == "PAY_PER_REQUEST" && p != nil:
		return nil, invalid("One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	case p != nil && (p.ReadCapacityUnits < 1 || p.WriteCapacityUnits < 1):
		return nil, invalid("ProvisionedThroughput: ReadCapacityUnits and WriteCapacityUnits must be at least 1")
	case s.tables[in.TableName] != nil:
		return nil, refuse("ResourceInUseException", "Table already exists: %s", in.TableName)
	}
	t := &table{
		schema: keys, name: in.TableName, created: c.now, activeAt: c.now.Add(s.slow),
		billing: in.BillingMode, capacity: p, protected: in.DeletionProtectionEnabled,
		parts: map[string]*partition{},
	}
	if t.stream, err = s.newStream(t, in.StreamSpecification); err != nil {
		return nil, err
	}
	s.tables[t.name] = t
	return map[string]any{"TableDescription": t.describe("CREATING")}, nil
}

// schema checks the table's key.
func (in *createTableInput) schema() (out schema, err error) {
	types := map[string]kind{}
	for _, d := range in.AttributeDefinitions {
		if d.AttributeType != kindS && d.AttributeType != kindN && d.AttributeType != kindB {
			return out, invalid("AttributeType %q of %s: it must be S, N or B", d.AttributeType, d.AttributeName)
		}
		if d.AttributeName == "" || len(d.AttributeName) > 255 {
			return out, invalid("AttributeName of a key: it must have 1 to 255 bytes")
		}
		types[d.AttributeName] = d.AttributeType
	}
	keys := in.KeySchema
	switch {
	case len(keys) < 1 || len(keys) > 2:
		return out, invalid("KeySchema must have 1 or 2 elements, it has %d", len(keys))
	case keys[0].KeyType != "HASH":
		return out, invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	case len(keys) == 2 && keys[1].KeyType != "RANGE":
		return out, invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
	case len(keys) == 2 && keys[0].AttributeName == keys[1].AttributeName:
		return out, invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
	case len(in.AttributeDefinitions) != len(keys) || len(types) != len(keys):
		return out, invalid("One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	for i, k := range keys {
		kind, ok := types[k.AttributeName]
		if !ok {
			return out, invalid("One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [%s]", k.AttributeName)
		}
		if i == 0 {
			out.hash = keyAttribute{k.AttributeName, kind, maxHash}
		} else {
			out.sort = keyAttribute{k.AttributeName, kind, maxSort}
		}
	}
	return out, nil
}

type tableInput struct {
	TableName string
}

func (s *Server) describeTable(c *call, in *tableInput) (any, error) {
	t := s.tables[in.TableName]
	if t == nil {
		return nil, notFound(in.TableName)
	}
	status := "ACTIVE"
	if c.now.Before(t.activeAt) {
		status = "CREATING"
	}
	return map[string]any{"Table": t.describe(status)}, nil
}

func (s *Server) deleteTable(c *call, in *tableInput) (any, error) {
	t := s.tables[in.TableName]
	switch {
	case t == nil:
		return nil, notFound(in.TableName)
	case c.now.Before(t.activeAt):
		return nil, refuse("ResourceInUseException", "Attempt to change a resource which is still in use: Table is being created: %s", t.name)
	case t.protected:
		return nil, invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	}
	delete(s.tables, t.name)
	t.stream.close(c.now)
	return map[string]any{"TableDescription": t.describe("DELETING")}, nil
}

type listTablesInput struct {
	ExclusiveStartTableName string
	Limit                   *int
}

func (s *Server) listTables(_ *call, in *listTablesInput) (any, error) {
	limit, err := within(in.Limit, 100)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, n := range slices.Sorted(maps.Keys(s.tables)) {
		if n > in.ExclusiveStartTableName {
			names = append(names, n)
		}
	}
	out := map[string]any{"TableNames": names}
	if len(names) > limit {
		out["TableNames"] = names[:limit]
		out["LastEvaluatedTableName"] = names[limit-1]
	}
	return out, nil
}

func tableARN(name string) string {
	return "arn:aws:dynamodb:" + region + ":000000000000:table/" + name
}

// region is where the tables pretend to be.
const region = "us-east-1"

// seconds is a time as the protocol has it.
func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func (t *table) describe(status string) map[string]any {
	keys := []keySchemaElement{{t.hash.name, "HASH"}}
	if t.sort.name != "" {
		keys = append(keys, keySchemaElement{t.sort.name, "RANGE"})
	}
	var types []attributeDefinition
	for _, a := range t.attributes() {
		types = append(types, attributeDefinition{a.name, a.kind})
	}
	count, size := 0, 0
	for _, p := range t.parts {
		count += len(p.rows)
		for _, r := range p.rows {
			size += r.size
		}
	}
	capacity := throughput{}
	if t.capacity != nil {
		capacity = *t.capacity
	}
	out := map[string]any{
		"TableName": t.name, "TableArn": tableARN(t.name), "TableId": strconv.FormatInt(t.created.UnixNano(), 36), "TableStatus": status,
		"CreationDateTime": seconds(t.created), "KeySchema": keys, "AttributeDefinitions": types,
		"ItemCount": count, "TableSizeBytes": size, "ProvisionedThroughput": capacity,
		"DeletionProtectionEnabled": t.protected,
	}
	if t.billing == "PAY_PER_REQUEST" {
		out["BillingModeSummary"] = map[string]any{"BillingMode": t.billing}
	}
	if t.stream != nil {
		out["StreamSpecification"] = t.stream.specification()
		out["LatestStreamArn"], out["LatestStreamLabel"] = t.stream.arn(), t.stream.label
	}
	return out
}
