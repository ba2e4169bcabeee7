using VmUpdate.Core.Machines;
using Xunit;

namespace VmUpdate.Core.Tests.Machines;

public sealed class VmSidTests
{
    /// <summary>The first pair stands in an event of Hyper-V's worker process: the machine's id, and the account that it ran under.</summary>
    [Theory]
    [InlineData("D9E0EB0A-5B37-508E-9173-67E9ADE83ACF", "S-1-5-83-1-3655396106-1351506743-3915871121-3476744365")]
    [InlineData("00000000-0000-0000-0000-000000000000", "S-1-5-83-1-0-0-0-0")]
    [InlineData("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "S-1-5-83-1-4294967295-4294967295-4294967295-4294967295")]
    [InlineData("00000001-0002-0003-0405-060708090A0B", "S-1-5-83-1-1-196610-117835012-185207048")]
    public void A_machines_account_is_made_of_its_id(string id, string sid) => Assert.Equal(sid, VmSid.Of(Guid.Parse(id)));
}
