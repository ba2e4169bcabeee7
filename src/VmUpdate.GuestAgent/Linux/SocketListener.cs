using System.Buffers.Binary;
using System.Net.Sockets;
using VmUpdate.GuestAgent.Local;

namespace VmUpdate.GuestAgent.Linux;

/// <summary>A unix socket in a folder of root's alone; who connects must be root, or who the agent runs as.</summary>
internal sealed class SocketListener : ILocalListener
{
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int PeerCredentials = 17; // SO_PEERCRED
    private const int UserOffset = 4;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _path;

    /// <summary>Listens.</summary>
    /// <param name="path">The socket. One that a former process left is replaced.</param>
    public SocketListener(string path)
    {
        _path = path;
        Platform.MakePrivateFolder(Path.GetDirectoryName(path)!);
        File.Delete(path);
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _socket.Listen(LocalApi.MaxClients);
    }

    /// <inheritdoc/>
    public Stream? Accept()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = _socket.Accept();
            }
            catch (Exception ended) when (ended is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted })
            {
                return null;
            }

            if (IsAdministrator(client))
            {
                return new NetworkStream(client, ownsSocket: true);
            }

            client.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(_path);
    }

    /// <summary><c>struct ucred</c>: process, user, group, four bytes each.</summary>
    private static bool IsAdministrator(Socket client)
    {
        Span<byte> credentials = stackalloc byte[12];
        client.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
        uint user = BinaryPrimitives.ReadUInt32LittleEndian(credentials[UserOffset..]);
        return user == 0 || user == LibC.EffectiveUser();
    }
}
