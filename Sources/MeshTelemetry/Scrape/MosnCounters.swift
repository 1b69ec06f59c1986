import MeshModel

/// A MOSN's own counters in the words of an Envoy's, so that flows are made of them alike.
///
/// `/api/v1/stats` is values as text by type, labels and key; the cluster's counters hold those of its hosts. What MOSN counts
/// as `response_failed` (answers of 500 and more, and streams that were reset) is an error here, and it tells no other codes.
/// Source: MOSN, `pkg/metrics/upstream.go`, `pkg/metrics/sink/console` and `pkg/proxy/downstream.go`.
enum MosnCounters {
  /// The counters of clusters as exposition text; fails where it is no JSON.
  static func exposition(_ body: [UInt8]) throws(JSONError) -> String {
    let json = try JSONValue(parsing: body)
    var text = ""
    for member in json["upstream"]?.object?.members ?? [] where member.name.hasPrefix("cluster.") {
      guard !member.name.contains(".host.") else { continue }
      let cluster = String(member.name.dropFirst("cluster.".count).map { $0 == ":" ? "_" : $0 })
      let head = String(cluster.prefix { $0 != "." })
      let tail = StoreTraffic.spelling(String(cluster.dropFirst(head.count + 1)))
      func line(_ name: String, _ code: String?, _ value: Double?) {
        guard let value, value.isFinite, value >= 0 else { return }
        let labels =
          "envoy_cluster_name=\(PromQL.quoted(head))" + (code.map { ",envoy_response_code=\"\($0)\"" } ?? "")
        text += "envoy_cluster_\(tail.isEmpty ? "" : tail + "_")\(name){\(labels)} \(value)\n"
      }
      func counted(_ key: String) -> Double? {
        member.value[key]?.string.flatMap { Double($0) } ?? member.value[key]?.double
      }
      let failed = counted("response_failed")
      let answered = counted("response_success") ?? counted("request_total").map { max(0, $0 - (failed ?? 0)) }
      line("upstream_rq", "200", answered)
      line("upstream_rq", "500", failed)
      line("upstream_cx_tx_bytes_total", nil, counted("connection_bytes_write"))
      line("upstream_cx_rx_bytes_total", nil, counted("connection_bytes_read_total"))
      line("upstream_cx_total", nil, counted("connection_total"))
    }
    return text
  }
}
