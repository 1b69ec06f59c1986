import Foundation
import MeshModel
import MeshPlanes
import MeshTelemetry
import MeshTransport

extension PlaneRegistry {
  /// Where Google's own measurements are asked for.
  static let cloudMonitoring = "https://monitoring.googleapis.com"

  /// Whether an address is Cloud Monitoring's.
  static func isGoogles(_ url: String) -> Bool { url.hasPrefix(cloudMonitoring + "/") }

  /// The source of measurements that a setting names.
  static func telemetry(
    _ setting: TelemetrySetting, environment: [String: String], transport: @escaping TransportMaker,
    vocabulary: MetricVocabulary = .istio
  ) throws(MeshError) -> any TelemetrySource {
    let options = Session.Options(transport: transport)
    switch setting.kind {
    case .prometheus:
      return try Prometheus(
        prometheus(setting, environment: environment, transport: transport, vocabulary: vocabulary), options: options)
    case .scrape:
      return try Scrape(
        scrape(setting, urls: setting.urls, environment: environment, vocabulary: vocabulary), options: options)
    case .cloudWatch: throw cloudWatchElsewhere
    case .trafficMetrics:
      throw MeshError(
        .usage, "trafficMetrics measures planes of kind kubernetes alone", remedy: "say prometheus or scrape")
    }
  }

  static var cloudWatchElsewhere: MeshError {
    MeshError(.usage, "cloudwatch measures planes of kind app-mesh alone", remedy: "say prometheus or scrape")
  }

  /// How exposition text at some addresses is reached, as a setting says.
  static func scrape(
    _ setting: TelemetrySetting, urls: [String], environment: [String: String], vocabulary: MetricVocabulary = .istio
  ) throws(MeshError) -> ScrapeSettings {
    try ScrapeSettings(
      urls: urls, connection: connectionSettings(setting, environment: environment),
      authorization: authorization(setting, environment: environment), headers: headers(setting),
      vocabulary: vocabulary)
  }

  static func prometheus(
    _ setting: TelemetrySetting, environment: [String: String],
    authorization own: PrometheusSettings.Authorization? = nil,
    transport: @escaping TransportMaker = { CurlTransport(settings: $0) }, vocabulary: MetricVocabulary = .istio
  ) throws(MeshError) -> PrometheusSettings {
    var authorization = try authorization(setting, environment: environment)
    if let own { authorization = own }
    if let region = setting.awsRegion {
      let files = try AWSConfigFiles.load(environment: environment)
      let surroundings = try AWSEnvironment(profile: nil, environment: environment, files: files)
      var means = AWSIdentity.Means()
      means.transport = transport
      let identity = AWSIdentity(surroundings, region: region, means: means)
      authorization = .source(AWSSigner(identity, region: region, service: "aps"))
    }
    return PrometheusSettings(
      url: setting.urls.first ?? "", connection: try connectionSettings(setting, environment: environment),
      authorization: authorization, headers: headers(setting), vocabulary: vocabulary)
  }

  private static func headers(_ setting: TelemetrySetting) -> [(name: String, value: String)] {
    setting.headers.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
  }

  private static func connectionSettings(
    _ setting: TelemetrySetting, environment: [String: String]
  ) throws(MeshError) -> ConnectionSettings {
    var connection = ConnectionSettings()
    guard let path = setting.caFile else { return connection }
    guard let bytes = FileManager.default.contents(atPath: Path.expanded(path, environment)) else {
      throw MeshError(.usage, "the certificate authorities \(path) cannot be read")
    }
    connection.tls.authorities = Array(bytes)
    return connection
  }

  private static func authorization(
    _ setting: TelemetrySetting, environment: [String: String]
  ) throws(MeshError) -> PrometheusSettings.Authorization {
    if let path = setting.bearerTokenFile { return .tokenFile(Path.expanded(path, environment)) }
    if let name = setting.bearerTokenEnv { return .tokenVariable(name) }
    guard let user = setting.username else { return .none }
    if let name = setting.passwordEnv {
      guard let password = environment[name] else {
        throw MeshError(.unauthenticated, "the password for \(user) is to be in \(name), which is not set")
      }
      return .basic(user: user, password: Secret(password))
    }
    guard let path = setting.passwordFile,
      let data = FileManager.default.contents(atPath: Path.expanded(path, environment))
    else {
      throw MeshError(.unauthenticated, "there is no password for \(user)", remedy: "say passwordFile or passwordEnv")
    }
    let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
    return .basic(user: user, password: Secret(text))
  }
}
