package weir

// KafkaOption applies to Kafka.
type KafkaOption interface{ applyKafka(*config) }

type kafkaOption func(*config)

func (o kafkaOption) applyKafka(c *config) { o(c) }

func (o flowOption) applyKafka(c *config)  { o(c) }
func (n concurrency) applyKafka(c *config) { n.apply(c, byKey) }

// ContinueOnFailure lets a Kafka partition go on after a failure. Every failed record is
// reported. A handler must then bear that a record comes after one that stood behind it.
func ContinueOnFailure() KafkaOption { return kafkaOption(func(c *config) { c.goOn = true }) }

// ReportEveryOffset reports every Kafka record that is not done, also those that were not
// run, where by default each partition's first stands for all behind it. Use it with whatever
// delivers only those records again that are listed. AWS documents neither way: "retry only the
// failed records" is all that the Lambda Developer Guide says.
func ReportEveryOffset() KafkaOption { return kafkaOption(func(c *config) { c.everyOffset = true }) }

// KafkaCluster names the cluster in Message.SourceARN. By default that is the ARN of an MSK
// cluster and the bootstrap servers, sorted, of a self-managed one, whose events name nothing
// else. A pipeline files its receipts by it: name the cluster before its brokers move, and where
// the same records also come another way, which then needs the same name.
func KafkaCluster(name string) KafkaOption {
	return kafkaOption(func(c *config) {
		if name == "" {
			c.refuse(`KafkaCluster(""): it takes a name`)
		}
		c.cluster = name
	})
}
