using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Store;

public sealed partial class VmUpdateStore
{
    /// <summary>Takes the right to work on something alone, on this computer.</summary>
    /// <param name="name">What to work on, such as a pool of a host.</param>
    /// <param name="purpose">What for, for whoever is refused meanwhile.</param>
    /// <returns>The right, until it is disposed or the process ends.</returns>
    /// <exception cref="StoreException"><see cref="StoreFailure.LeaseHeld"/>, with the process that has it and when that started.</exception>
    public StoreLease AcquireLease(string name, string purpose)
    {
        IBlockFile locked;
        try
        {
            locked = OpenLock(LockFileName(name));
        }
        catch (HostFileException failure) when (failure.Failure == HostFileFailure.InUse)
        {
            throw Held(name, failure);
        }

        try
        {
            var holder = LeaseHolder.Current(_clock.UtcNow);
            Write(transaction => transaction.SaveLease(StoreTransaction.Key(name), purpose, holder));
            return new StoreLease(locked, holder);
        }
        catch
        {
            locked.Dispose();
            throw;
        }
    }

    private static string LockFileName(string name)
    {
        // Names are free text: their hash is a file name everywhere.
#if NET8_0_OR_GREATER
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(name.ToUpperInvariant()));
#else
        using var sha256 = SHA256.Create();
        byte[] hash = sha256.ComputeHash(Encoding.UTF8.GetBytes(name.ToUpperInvariant()));
#endif
        string digits = string.Concat(hash.Take(8).Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));
        return $"lease-{digits}.lock";
    }

    private IBlockFile OpenLock(string fileName)
    {
        // The file stays for ever: deleting it would let two processes lock two files of one name.
        while (!_folder.Exists(fileName))
        {
            try
            {
                _folder.Create(fileName).Dispose();
            }
            catch (HostFileException failure) when (failure.Failure == HostFileFailure.AlreadyExists)
            {
                // Another process was faster; its file serves as well.
            }
        }

        return _folder.Open(fileName, HostFileMode.ReadWrite);
    }

    private StoreException Held(string name, HostFileException inner)
    {
        LeaseHolder? holder = Query(
            "SELECT owner, process_id, process_started_utc, acquired_utc FROM leases WHERE name = $name",
            row => new LeaseHolder(
                row.GetString(0), row.GetInt32(1), StoreSql.Time(row.GetString(2)), StoreSql.Time(row.GetString(3))),
            ("$name", StoreTransaction.Key(name))).SingleOrDefault();
        string who = holder is null
            ? "another process"
            : string.Format(
                CultureInfo.InvariantCulture,
                "process {0} (started {1:u}, of {2})",
                holder.ProcessId,
                holder.ProcessStarted,
                holder.Owner);
        return new StoreException(
            StoreFailure.LeaseHeld, name, $"{who} works on it. Wait until it has ended, and call again.", inner);
    }
}
