import MeshModel
import Testing

@testable import MeshPlanes

/// Items of the Traffic Metrics API, as the SMI specification shows them.
@Suite struct TrafficMetricsTests {
  static let edge = """
    {"kind":"TrafficMetrics","apiVersion":"metrics.smi-spec.io/v1alpha1","resource":{"name":"foo-775b9cbd88-ntxsl",
     "namespace":"foobar","kind":"Pod"},"edge":{"direction":"to","side":"client","resource":{"name":"baz-577db7d977-lsk2q",
     "namespace":"foobar","kind":"Pod"}},"timestamp":"2019-04-08T22:25:55Z","window":"30s","metrics":[
     {"name":"p99_response_latency","unit":"seconds","value":"10m"},{"name":"p90_response_latency","unit":"seconds",
     "value":"10m"},{"name":"p50_response_latency","unit":"seconds","value":"500u"},{"name":"success_count","value":100},
     {"name":"failure_count","value":"25"}]}
    """

  @Test func anEdgeIsReadWithItsWindowAndItsQuantities() throws {
    let item = try #require(SMITrafficMetrics.items(of: JSONValue(parsing: Self.edge)).first)
    #expect(item.resource == SMITrafficMetrics.Resource(kind: "Pod", namespace: "foobar", name: "foo-775b9cbd88-ntxsl"))
    #expect(item.other?.name == "baz-577db7d977-lsk2q")
    #expect(item.isFrom == false)
    #expect(item.side == .client)
    #expect(item.window == 30)
    #expect(item.successes == 100)
    #expect(item.failures == 25)
    #expect(item.latencies[99] == 10)
    #expect(abs((item.latencies[50] ?? 0) - 0.5) < 1e-9)
    #expect(item.at == Instant(seconds: 1_554_762_355))
  }

  @Test func aListGivesItsItemsAndWhatIsNoneIsPassedOver() throws {
    let list = #"{"kind":"TrafficMetricsList","items":[\#(Self.edge),{"kind":"TrafficMetrics"}]}"#
    #expect(try SMITrafficMetrics.items(of: JSONValue(parsing: list)).count == 1)
    #expect(try SMITrafficMetrics.items(of: JSONValue(parsing: #"{"kind":"Status","code":404}"#)).isEmpty)
  }

  @Test func aBackendOfASplitIsNamed() throws {
    let text = Self.edge.replacing(
      #""window":"30s""#, with: #""window":"1m0s","backend":{"apex":"a","name":"a-v2","weight":1}"#)
    let item = try #require(SMITrafficMetrics.items(of: JSONValue(parsing: text)).first)
    #expect(item.backend == "a-v2")
    #expect(item.window == 60)
  }
}
