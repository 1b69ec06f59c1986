import MeshModel
import Yams

extension ConfigurationReader {
  /// The member `telemetry` of a plane; a field that its source cannot use is an error as an unknown one is.
  func telemetry(_ node: Node, of plane: Plane.Kind) throws(MeshError) -> TelemetrySetting {
    let kinds = try mapping(node, known: ["prometheus", "scrape", "cloudwatch", "trafficMetrics"])
    guard kinds.count == 1, let (name, body) = kinds.first, let kind = TelemetrySetting.Kind(rawValue: name) else {
      throw error(node, "telemetry is one of prometheus, scrape, cloudwatch and trafficMetrics")
    }
    if kind == .trafficMetrics {
      guard isEmpty(body) || body.mapping?.isEmpty ?? false else { throw error(body, "trafficMetrics has no fields") }
      return TelemetrySetting(kind: kind, urls: [])
    }
    let fields = try mapping(body, known: TelemetrySetting.knownFields)
    if let urls = fields["urls"], fields["url"] != nil { throw error(urls, "say url or urls, not both") }
    var headers: [String: String] = [:]
    for (key, value) in try pairs(fields["headers"]) {
      guard let key = key.string else { throw error(key, "the name of a header is expected") }
      headers[key] = try text(value) ?? ""
    }
    let setting = TelemetrySetting(
      kind: kind, urls: try texts(fields["urls"] ?? fields["url"]),
      bearerTokenFile: try text(fields["bearerTokenFile"]),
      bearerTokenEnv: try text(fields["bearerTokenEnv"]), username: try text(fields["username"]),
      passwordFile: try text(fields["passwordFile"]), passwordEnv: try text(fields["passwordEnv"]),
      caFile: try text(fields["caFile"]), headers: headers, awsRegion: try text(fields["awsRegion"]),
      namespace: try text(fields["namespace"]))
    if let fault = setting.fault(on: plane) {
      throw error(fields[fault.field] ?? (fault.field == "urls" ? fields["url"] : nil) ?? body, fault.words)
    }
    return setting
  }
}
