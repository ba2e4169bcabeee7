using System.Net;
using System.Net.Sockets;
#if !NET8_0_OR_GREATER
using System.Text;
#endif

namespace VmUpdate.Libvirt;

/// <summary>Where a unix socket is.</summary>
internal static class UnixSocket
{
#if NET8_0_OR_GREATER
    internal static EndPoint At(string path) => new UnixDomainSocketEndPoint(path);
#else
    internal static EndPoint At(string path) => new Place(path);

    /// <summary><c>struct sockaddr_un</c>: the family in 2 bytes, then the path with a zero at its end, 108 bytes at most.</summary>
    private sealed class Place : EndPoint
    {
        private const int PathOffset = 2;
        private const int LongestPath = 107;
        private readonly byte[] _path;

        internal Place(string path)
        {
            _path = Encoding.UTF8.GetBytes(path);
            if (_path.Length > LongestPath)
            {
                throw new ArgumentException($"the path of a unix socket has at most {LongestPath} bytes", nameof(path));
            }
        }

        public override AddressFamily AddressFamily => AddressFamily.Unix;

        public override SocketAddress Serialize()
        {
            var address = new SocketAddress(AddressFamily.Unix, PathOffset + _path.Length + 1);
            for (int i = 0; i < _path.Length; i++)
            {
                address[PathOffset + i] = _path[i];
            }

            return address;
        }
    }
#endif
}
