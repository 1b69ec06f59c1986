/// A range of addresses with exceptions, in CIDR notation; an address alone is a range of one.
public struct NetworkRange: Sendable, Hashable {
  /// The range.
  public var cidr: String
  /// The ranges inside it that do not count.
  public var except: [String]

  /// Creates a range.
  public init(cidr: String, except: [String] = []) {
    self.cidr = cidr
    self.except = except
  }

  /// Whether an address is in the range and in none of the exceptions; `nil` where one of them cannot be read.
  public func contains(_ address: String) -> Bool? {
    guard let inside = Self.contains(cidr, address) else { return nil }
    guard inside else { return false }
    for other in except {
      guard let excluded = Self.contains(other, address) else { return nil }
      if excluded { return false }
    }
    return true
  }

  private static func contains(_ cidr: String, _ address: String) -> Bool? {
    let parts = cidr.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let base = parts.first.flatMap({ bytes(String($0)) }), let address = bytes(address) else {
      return nil
    }
    guard base.count == address.count else { return false }
    let length = parts.count == 2 ? Int(parts[1]) : base.count * 8
    guard let length, (0...base.count * 8).contains(length) else { return nil }
    for index in 0..<base.count {
      let bits = min(8, max(0, length - index * 8))
      let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
      if base[index] & mask != address[index] & mask { return false }
    }
    return true
  }

  /// The four or sixteen bytes of an address; `nil` where it is none.
  private static func bytes(_ text: String) -> [UInt8]? {
    text.contains(":") ? sixteen(text) : four(text)
  }

  private static func four(_ text: String) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return parts.count == 4 && parts.allSatisfy { $0 != nil } ? parts.compactMap(\.self) : nil
  }

  private static func sixteen(_ text: String) -> [UInt8]? {
    func groups(_ part: Substring) -> [UInt8]? {
      var found: [UInt8] = []
      for group in part.split(separator: ":", omittingEmptySubsequences: false) where !part.isEmpty {
        if group.contains(".") {
          guard let tail = four(String(group)) else { return nil }
          found += tail
        } else {
          guard (1...4).contains(group.utf8.count), let number = UInt16(group, radix: 16) else { return nil }
          found += [UInt8(number >> 8), UInt8(number & 0xFF)]
        }
      }
      return found
    }
    guard let gap = text.firstRange(of: "::") else {
      let all = groups(Substring(text))
      return all?.count == 16 ? all : nil
    }
    guard let head = groups(text[..<gap.lowerBound]), let tail = groups(text[gap.upperBound...]),
      head.count + tail.count < 16
    else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
  }
}
