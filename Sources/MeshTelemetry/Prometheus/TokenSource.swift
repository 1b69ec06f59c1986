import Foundation
public import MeshTransport

/// A bearer token from a file or the environment, looked up for every request.
public struct TokenSource: CredentialSource {
  /// Where a token is.
  public enum Place: Sendable, Hashable {
    /// In a file, alone on a line.
    case file(String)
    /// In a variable of the environment.
    case variable(String)
  }

  let place: Place

  /// A token at a place; it is not looked for yet.
  public init(place: Place) { self.place = place }

  /// The token as it is now.
  public func credential(refresh: Bool) async throws(TransportError) -> Credential {
    .bearer(Secret(try token()))
  }

  private func token() throws(TransportError) -> String {
    switch place {
    case .file(let path):
      let expanded = Path.expanded(path, ProcessInfo.processInfo.environment)
      guard let handle = FileHandle(forReadingAtPath: expanded), let data = try? handle.read(upToCount: 64 << 10) else {
        throw TransportError(
          .credentials, "the token file \(path) cannot be read", remedy: "check its path and permissions")
      }
      return try Self.trimmed(String(decoding: data, as: UTF8.self), "the token file \(path)")
    case .variable(let name):
      guard let value = ProcessInfo.processInfo.environment[name] else {
        throw TransportError(.credentials, "the environment has no \(name)", remedy: "set \(name) to a token")
      }
      return try Self.trimmed(value, "the environment variable \(name)")
    }
  }

  private static func trimmed(_ text: String, _ place: String) throws(TransportError) -> String {
    let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw TransportError(.credentials, "\(place) holds no token", remedy: "write one line with the token alone")
    }
    return token
  }
}
