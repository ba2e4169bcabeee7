using System.Management.Automation;
using VmUpdate.Core.Identity;
using VmUpdate.PowerShell.Errors;
using VmUpdate.PowerShell.Output;

namespace VmUpdate.PowerShell.Commands;

/// <summary>Gives the connected host's identity store a new key, and seals the kept identities anew with it.</summary>
/// <remarks>
/// <para>
/// The identities that swaps copied out are kept as long as the old disks they came from, sealed with a key of the store: under Windows it
/// is protected by DPAPI for this computer, elsewhere by the rights of its file. Replace it when a copy of the store's folder may have got
/// into other hands, or as often as your rules ask for it.
/// </para>
/// <para>
/// The former keys are deleted when nothing is sealed with them any more. A bundle that cannot be sealed anew is an error; it and the former
/// keys stay. No swap runs meanwhile.
/// </para>
/// </remarks>
/// <example>
/// Replaces the key.
/// <code>New-VmIdentityStoreKey</code>
/// </example>
/// <error id="StoreLeaseHeld">machines of a pool are being swapped.</error>
/// <error id="IdentityStoreTooOpen">others than its owner may enter the store's folder.</error>
/// <error id="IdentityStoreNotWritable">the folder cannot be written, or identities are kept in memory only.</error>
/// <error id="IdentityBundleDamaged">a kept identity was changed; the former keys stay.</error>
[Cmdlet(VerbsCommon.New, "VmIdentityStoreKey", SupportsShouldProcess = true)]
[OutputType(typeof(VmIdentityStoreKey))]
public sealed class NewVmIdentityStoreKeyCommand : HostCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!ShouldProcess(Connection.Host.IdentityPath, "Make a new key, and seal the kept identities anew"))
        {
            return;
        }

        ForEachTarget(Connection.Host.IdentityPath, () =>
        {
            IdentityKeyRotation rotation = Await(stop => Task.Run(Connection.Exchange.RotateKey, stop));
            WriteObject(new VmIdentityStoreKey(rotation, Connection.Host));
            foreach (VmUpdateException failure in rotation.Failures)
            {
                WriteError(ErrorTable.Record(failure, Connection.Host.IdentityPath));
            }
        });
    }
}
