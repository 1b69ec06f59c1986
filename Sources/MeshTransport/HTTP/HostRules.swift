#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Which hosts are this machine or this link, and whether an address lies in a block.
enum HostRules {
  /// `localhost`, names under it, 127.0.0.0/8 and ::1.
  static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host.hasSuffix(".localhost") { return true }
    guard let address = address(host) else { return false }
    if address.count == 4 { return address[0] == 127 }
    return address == Array(repeating: 0, count: 15) + [1]
  }

  /// Addresses at which a cloud answers for the machine itself and that lead nowhere else: the metadata of an instance
  /// (169.254.169.254, fd00:ec2::254) and the credentials of a container (169.254.170.2 and .23, fd00:ec2::23).
  ///
  /// Their tokens are meant for plain http. Sources: Amazon EC2 user guide, IMDSv2; Amazon ECS and EKS guides.
  static func isOwnMetadata(_ host: String) -> Bool {
    metadata.contains { address(host) == $0 }
  }

  private static let metadata: [[UInt8]] = [
    "169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23",
  ].compactMap { address($0) }

  /// 169.254.0.0/16 and fe80::/10.
  static func isLinkLocal(_ host: String) -> Bool {
    guard let address = address(host) else { return false }
    if address.count == 4 { return address[0] == 169 && address[1] == 254 }
    return address[0] == 0xfe && address[1] & 0xc0 == 0x80
  }

  /// The 4 or 16 bytes of a numeric address, nil for a name.
  static func address(_ host: String) -> [UInt8]? {
    var four = in_addr()
    if inet_pton(AF_INET, host, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
    var sixteen = in6_addr()
    if inet_pton(AF_INET6, host, &sixteen) == 1 { return withUnsafeBytes(of: sixteen) { Array($0) } }
    return nil
  }

  /// Whether an address lies in a block such as `10.0.0.0/8`; false where either is no address.
  static func contains(block: String, _ address: [UInt8]) -> Bool {
    let (network, prefix) = TargetURL.split(block, at: "/")
    guard let prefix, let bits = Int(prefix), let base = Self.address(network), base.count == address.count,
      (0...(base.count * 8)).contains(bits)
    else { return false }
    for bit in 0..<bits where (base[bit / 8] ^ address[bit / 8]) & (0x80 >> UInt8(bit % 8)) != 0 { return false }
    return true
  }
}
