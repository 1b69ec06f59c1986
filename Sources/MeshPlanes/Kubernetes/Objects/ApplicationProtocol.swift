public import MeshModel

/// What a port speaks and what kind of server that makes of a service.
///
/// Sources: Istio's explicit protocol selection (`name: <protocol>[-<suffix>]` and `appProtocol`); Kubernetes' standard
/// `appProtocol` values (`kubernetes.io/h2c`, `kubernetes.io/ws`, `kubernetes.io/wss`), as Istio's `kube.ConvertProtocol`
/// takes them; IANA's registered ports for servers that Istio itself treats as opaque TCP.
public enum ApplicationProtocol {
  /// The protocol of a port in lower case: `http`, `grpc`, `tls`, `tcp`, `redis`, …; `appProtocol` goes before the
  /// name, and where neither says anything the port's number does.
  public static func name(portName: String, appProtocol: String?, port: Int) -> String {
    let declared = declared(portName: portName, appProtocol: appProtocol ?? "")
    return declared.isEmpty ? wellKnown[port] ?? "tcp" : declared
  }

  /// The protocol that a port of a Service is declared to speak; empty where it is for the proxies to find out.
  static func declared(portName: String, appProtocol: String, transport: String = "TCP") -> String {
    if transport.uppercased() != "TCP" { return transport.lowercased() }
    switch appProtocol.lowercased() {
    case "": break
    case "kubernetes.io/h2c": return "http2"
    case "kubernetes.io/ws": return "http"
    case "kubernetes.io/wss": return "https"
    case let other: return explicit[other] ?? other
    }
    let lower = portName.lowercased()
    if lower == "grpc-web" || lower.hasPrefix("grpc-web-") { return "grpc-web" }
    return explicit[String(lower.prefix { $0 != "-" })] ?? ""
  }

  /// The kind of server that a service with ports of these protocols is: the most telling port decides.
  public static func role(of ports: [ServicePort]) -> Role {
    let roles = Set(ports.map { role(ofProtocol: $0.appProtocol, port: $0.port) })
    for role in [Role.database, .cache, .message, .grpc, .http] where roles.contains(role) { return role }
    return .tcp
  }

  /// The kind of server that a protocol on a port means.
  public static func role(ofProtocol name: String, port: Int) -> Role {
    let name = ["tcp", "tls", ""].contains(name) ? wellKnown[port] ?? name : name
    switch name {
    case "http", "http2", "https", "grpc-web", "http_proxy", "ws", "wss": return .http
    case "grpc": return .grpc
    case "mysql", "mongo", "postgres", "postgresql", "cassandra", "mssql", "oracle", "clickhouse", "cockroach":
      return .database
    case "redis", "memcached", "memcache": return .cache
    case "kafka", "amqp", "nats", "mqtt", "rocketmq", "pulsar", "stomp", "openwire": return .message
    default: return .tcp
    }
  }

  private static let explicit: [String: String] = [
    "http": "http", "http2": "http2", "https": "https", "http_proxy": "http", "grpc": "grpc", "grpc-web": "grpc-web",
    "tcp": "tcp", "tls": "tls", "udp": "udp", "mongo": "mongo", "mysql": "mysql", "redis": "redis", "hbone": "tcp",
    "postgres": "postgres", "postgresql": "postgres", "kafka": "kafka", "amqp": "amqp", "nats": "nats", "mqtt": "mqtt",
    "memcached": "memcached", "cassandra": "cassandra",
  ]

  private static let wellKnown: [Int: String] = [
    3306: "mysql", 5432: "postgres", 27017: "mongo", 1433: "mssql", 1521: "oracle", 9042: "cassandra",
    26257: "cockroach",
    6379: "redis", 11211: "memcached", 9092: "kafka", 5672: "amqp", 5671: "amqp", 4222: "nats", 1883: "mqtt",
    8883: "mqtt", 6650: "pulsar", 9876: "rocketmq", 61616: "openwire",
  ]
}
