package dynamodb

// identity is who made a change, if it was DynamoDB itself.
type identity struct {
	PrincipalID string `json:"PrincipalId"`
	Type        string
}

type streamSpecification struct {
	StreamEnabled  bool
	StreamViewType string `json:",omitempty"`
}

// stream is a table's changes, in one shard.
type stream struct {
	label string
	table string
	view  string
}

func newStream(t *table, in *streamSpecification) (*stream, error) {
	if in == nil || !in.StreamEnabled {
		return nil, nil
	}
	return nil, invalid("StreamSpecification: not there yet")
}

func (st *stream) specification() streamSpecification                 { return streamSpecification{true, st.view} }
func (st *stream) arn() string                                        { return tableARN(st.table) + "/stream/" + st.label }
func (st *stream) record(*Server, *call, item, item, item, *identity) {}
